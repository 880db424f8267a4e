//! The fast arithmetic of the PC.
