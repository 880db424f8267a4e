//! Tensors of TFLite: constants as real numbers, and the range of quantized inputs.

use super::flat::{FORMAT, List, Table};
use crate::error::Fault;
use crate::network::Range;
use crate::tensor::{Data, Tensor, elements, from_half};

const FLOAT32: u64 = 0;
const FLOAT16: u64 = 1;
const INT32: u64 = 2;
const UINT8: u64 = 3;
const INT64: u64 = 4;
const INT16: u64 = 7;
const INT8: u64 = 9;
const FLOAT64: u64 = 10;

/// Conversion of integers to real numbers: `scale (q - zero)`, along one axis or for all.
pub(super) struct Quantization {
    pub(super) scales: Vec<f32>,
    pub(super) zeros: Vec<i64>,
    axis: usize,
}

pub(super) fn quantization(tensor: &Table) -> Result<Option<Quantization>, Fault> {
    let Some(table) = tensor.table(4)? else { return Ok(None) };
    let scales: Vec<f32> = table.list(2, 4)?.numbers(4)?.into_iter().map(|bits| f32::from_bits(bits as u32)).collect();
    let zeros = table.list(3, 8)?.numbers(8)?.into_iter().map(|bits| bits as i64).collect();
    let axis = table.number(6, 4, 0)? as usize;
    Ok((!scales.is_empty()).then_some(Quantization { scales, zeros, axis }))
}

/// The values of a tensor stored in the file; `None` for one that is computed.
pub(super) fn constant(tensor: &Table, buffers: &List) -> Result<Option<Tensor>, Fault> {
    let buffer = tensor.number(2, 4, 0)?;
    if buffer == 0 {
        return Ok(None);
    }
    let bytes = buffers.table(buffer)?.list(0, 1)?.bytes()?;
    if bytes.is_empty() {
        return Ok(None);
    }
    let sizes = tensor.list(0, 4)?.ints()?;
    let shape: Option<Vec<usize>> = sizes.iter().map(|&size| usize::try_from(size).ok()).collect();
    let shape = shape.ok_or_else(|| Fault::broken(FORMAT, "a constant with a negative dimension"))?;
    let kind = tensor.number(1, 1, 0)?;
    let data = match kind {
        FLOAT32 => Data::F32(bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect()),
        FLOAT16 => Data::F32(bytes.chunks_exact(2).map(|b| from_half(u16::from_le_bytes([b[0], b[1]]))).collect()),
        FLOAT64 => Data::F32(
            bytes
                .chunks_exact(8)
                .map(|b| f64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]) as f32)
                .collect(),
        ),
        INT8 | UINT8 | INT16 | INT32 | INT64 => whole(bytes, kind),
        _ => {
            return Err(Fault::Unread(format!(
                "{} has values of TFLite type {kind}; convert the model to float or int8",
                tensor.text(3)?
            )));
        }
    };
    let data = match (data, quantization(tensor)?) {
        (Data::I64(values), Some(quantization)) => Data::F32(real(&values, &shape, &quantization)?),
        (data, _) => data,
    };
    if elements(&shape).is_none() {
        return Err(Fault::broken(FORMAT, "a constant of invalid shape"));
    }
    Tensor::of(shape, data).map(Some)
}

fn whole(bytes: &[u8], kind: u64) -> Data {
    let size = match kind {
        INT8 | UINT8 => 1,
        INT16 => 2,
        INT32 => 4,
        _ => 8,
    };
    let value = |chunk: &[u8]| {
        let bits = chunk.iter().rev().fold(0_u64, |value, &byte| value << 8 | u64::from(byte));
        let free = 64 - 8 * size as u32;
        if kind == UINT8 { bits as i64 } else { (bits << free) as i64 >> free }
    };
    Data::I64(bytes.chunks_exact(size).map(value).collect())
}

fn real(values: &[i64], shape: &[usize], quantization: &Quantization) -> Result<Vec<f32>, Fault> {
    let Quantization { scales, zeros, axis } = quantization;
    let along = if scales.len() == 1 { 1 } else { shape.get(*axis).copied().unwrap_or(0) };
    if along != scales.len() {
        return Err(Fault::broken(FORMAT, format!("{} scales for the shape {shape:?}", scales.len())));
    }
    let inner = shape.get(axis + 1..).unwrap_or_default().iter().product::<usize>().max(1);
    let value = |(index, &value): (usize, &i64)| {
        let place = if along == 1 { 0 } else { index / inner % along };
        let zero = zeros.get(place).or(zeros.first()).copied().unwrap_or(0);
        (f64::from(scales[place]) * value.saturating_sub(zero) as f64) as f32
    };
    Ok(values.iter().enumerate().map(value).collect())
}

/// The lowest integer of a tensor of 8 bits; `None` for other types.
pub(super) fn lowest(tensor: &Table) -> Result<Option<i64>, Fault> {
    Ok(match tensor.number(1, 1, 0)? {
        INT8 => Some(-128),
        UINT8 => Some(0),
        _ => None,
    })
}

/// The range of real values of a quantized input, if these are pixels.
pub(super) fn range(tensor: &Table) -> Result<Option<Range>, Fault> {
    let Some(low) = lowest(tensor)? else { return Ok(None) };
    let Some(Quantization { scales, zeros, .. }) = quantization(tensor)? else { return Ok(None) };
    let (Some(&scale), zero) = (scales.first(), zeros.first().copied().unwrap_or(0)) else { return Ok(None) };
    let least = f64::from(scale) * (low - zero) as f64;
    let most = least + f64::from(scale) * 255.0;
    let near = |value: f64, wanted: f64, most: f64| (value - wanted).abs() < 0.02 * most;
    Ok(if near(least, 0.0, 1.0) && near(most, 1.0, 1.0) {
        Some(Range::Unit)
    } else if near(least, 0.0, 255.0) && near(most, 255.0, 255.0) {
        Some(Range::Raw)
    } else {
        None
    })
}

/// Name of the tensor's value at an index.
pub(super) fn name(index: u64) -> String {
    format!("t{index}")
}
