//! Small fixture files: a set of images of 4 x 3 pixels in 3 classes, networks and device models for it.

use crate::tool::Folder;
use foldnet::network::architecture::NormPlacement;
use foldnet::network::checkpoint::{Checkpoint, PixelStatistics};
use foldnet::train::fit::initial_params;
use foldnet_core::Layer;
use foldnet_core::model::{LayerHeader, LayerWeights, ModelSpec, encode, encoded_len};
use safetensors::tensor::{Dtype, SafeTensors, TensorView, serialize};
use std::collections::BTreeMap;
use std::path::Path;

pub(crate) const TRAIN_IMAGES: &str = "set/train-images-idx3-ubyte";
pub(crate) const TRAIN_LABELS: &str = "set/train-labels-idx1-ubyte";
pub(crate) const TEST_IMAGES: &str = "set/t10k-images-idx3-ubyte";
pub(crate) const TEST_LABELS: &str = "set/t10k-labels-idx1-ubyte";

/// A Git LFS pointer.
pub(crate) const POINTER: &[u8] = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";

const HEIGHT: usize = 4;
const WIDTH: usize = 3;
pub(crate) const PIXELS: usize = HEIGHT * WIDTH;
pub(crate) const CLASSES: u32 = 3;

/// A folder with `set/`, `good.safetensors` and `good.fnet`, which go together.
pub(crate) fn folder() -> Folder {
    let folder = Folder::new();
    folder.write(TRAIN_IMAGES, &images(24, HEIGHT, WIDTH));
    folder.write(TRAIN_LABELS, &labels(24, CLASSES));
    folder.write(TEST_IMAGES, &images(9, HEIGHT, WIDTH));
    folder.write(TEST_LABELS, &labels(9, CLASSES));
    write_network(&folder, "good", &NormPlacement::After.layers(&[5], CLASSES), PIXELS);
    folder.write("good.fnet", &device_model(PIXELS));
    folder
}

/// An IDX file of pairwise different images.
pub(crate) fn images(count: usize, height: usize, width: usize) -> Vec<u8> {
    let pixels = (0..count * height * width).map(|at| (at * 97 % 251) as u8);
    header(&[0x803, count as u32, height as u32, width as u32]).into_iter().chain(pixels).collect()
}

/// An IDX file of labels, each class in turn.
pub(crate) fn labels(count: u32, classes: u32) -> Vec<u8> {
    let labels = (0..count).map(|image| (image % classes) as u8);
    header(&[0x801, count]).into_iter().chain(labels).collect()
}

/// Numbers in IDX byte order.
pub(crate) fn header(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// The start of a gzip file, stored without compression, that ends before its data do.
pub(crate) fn broken_gzip(data: &[u8]) -> Vec<u8> {
    let (header, declared) = ([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255], data.len() as u16 + 1);
    [&header[..], &[1], &declared.to_le_bytes(), &(!declared).to_le_bytes(), data].concat()
}

/// `name.safetensors`: an untrained network.
pub(crate) fn write_network(folder: &Folder, name: &str, layers: &[Layer], inputs: usize) {
    let pixels = PixelStatistics::Standardized { mean: vec![0.5; inputs], std: vec![0.25; inputs] };
    let mut network = Checkpoint::new(layers.to_vec(), inputs, Vec::new(), pixels).expect("a network");
    initial_params(&mut network, 1);
    network.write(&folder.path(&format!("{name}.safetensors"))).expect("written");
}

/// A device model of one Dense that is never 0.
pub(crate) fn device_model(inputs: usize) -> Vec<u8> {
    let units = CLASSES as usize;
    let kernel: Vec<f32> = (0..units * inputs).map(|at| (at as f32).sin()).collect();
    let header = LayerHeader { inputs: inputs as u16, units: units as u16, bits: 32, relu: false, scale: 1.0 };
    let weights = LayerWeights::Float { kernel: &kernel, bias: &[0.5, -0.5, 0.25] };
    let layers = [(header, weights)].into_iter().collect();
    let (height, width) = ((inputs / WIDTH) as u16, WIDTH as u16);
    let spec = ModelSpec { height, width, layers, ..ModelSpec::default() };
    let mut bytes = vec![0; encoded_len(&spec)];
    let len = encode(&spec, &mut bytes).expect("a model");
    bytes.truncate(len);
    bytes
}

/// The tensors of a safetensors file, of 32-bit floats, and its metadata, both by name.
pub(crate) struct Tensors {
    pub(crate) tensors: BTreeMap<String, (Vec<usize>, Vec<u8>)>,
    pub(crate) metadata: BTreeMap<String, String>,
}

impl Tensors {
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).expect("readable");
        let (_, header) = SafeTensors::read_metadata(&bytes).expect("safetensors");
        let metadata = header.metadata().clone().unwrap_or_default().into_iter().collect();
        let tensors = SafeTensors::deserialize(&bytes).expect("safetensors").tensors().into_iter();
        let tensors = tensors.map(|(name, view)| (name, (view.shape().to_vec(), view.data().to_vec())));
        Self { tensors: tensors.collect(), metadata }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let views = self.tensors.iter().map(|(name, (shape, data))| {
            (name, TensorView::new(Dtype::F32, shape.clone(), data).expect("as many bytes as the shape has"))
        });
        let metadata = (!self.metadata.is_empty()).then(|| self.metadata.clone().into_iter().collect());
        serialize(views, metadata).expect("serialized")
    }

    pub(crate) fn remove(&mut self, name: &str) {
        assert!(self.tensors.remove(name).is_some(), "no {name} in {:?}", self.tensors.keys());
    }

    pub(crate) fn get(&mut self, name: &str) -> &mut (Vec<usize>, Vec<u8>) {
        self.tensors.get_mut(name).unwrap_or_else(|| panic!("no {name}"))
    }
}

/// A PNG of 8-bit grey.
pub(crate) fn png(pixels: &[u8], height: usize, width: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width as u32, height as u32);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(pixels).expect("as many pixels as declared");
    writer.finish().expect("finished");
    bytes
}
