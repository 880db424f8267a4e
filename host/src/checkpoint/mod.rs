//! Trained networks in `safetensors` files.
