//! Intel HEX: bytes with their addresses, as lines of text.

use anyhow::Context;
use ihex::Record;

/// Bytes per line.
const LINE: usize = 32;

/// Number of bytes covered by one extended address.
const SEGMENT: usize = 1 << 16;

/// The file that puts `bytes` at `address`; they must end at the last 32-bit address or before.
///
/// # Errors
/// None for lines of this length.
pub(super) fn write(address: u32, bytes: &[u8]) -> anyhow::Result<String> {
    let mut records = Vec::new();
    let (mut at, mut rest) = (address as usize, bytes);
    while !rest.is_empty() {
        if rest.len() == bytes.len() || at % SEGMENT == 0 {
            records.push(Record::ExtendedLinearAddress((at / SEGMENT) as u16));
        }
        let len = (SEGMENT - at % SEGMENT).min(LINE).min(rest.len());
        let (value, behind) = rest.split_at(len);
        records.push(Record::Data { offset: (at % SEGMENT) as u16, value: value.to_vec() });
        (at, rest) = (at + len, behind);
    }
    records.push(Record::EndOfFile);
    ihex::create_object_file_representation(&records).context("Intel HEX cannot be written")
}

#[cfg(test)]
mod tests {
    use super::write;

    #[test]
    fn lines_are_those_of_the_format() {
        let text = write(0x0800_FFF0, b"0123456789abcdefXY").expect("written");
        let lines = [
            ":020000040800F2",
            ":10FFF000303132333435363738396162636465669F",
            ":020000040801F1",
            ":0200000058594D",
            ":00000001FF",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), lines);
        assert_eq!(write(0, &[]).expect("written").trim_end(), ":00000001FF");
    }
}
