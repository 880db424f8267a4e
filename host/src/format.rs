//! Formatting of numbers for people.

use foldnet_data::text;

/// `n` with a comma between thousands.
pub fn thousands(n: usize) -> String {
    text::thousands(n as u64)
}

/// `1 image`, `2 images`.
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(count), if count == 1 { one } else { many })
}

/// A number of bytes, formatted.
pub fn bytes(n: usize) -> String {
    match n {
        0..1024 => format!("{n} B"),
        1024..1_048_576 => format!("{:.1} KB", n as f64 / 1024.0),
        _ => format!("{:.2} MB", n as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::{bytes, thousands};

    #[test]
    fn numbers_for_people() {
        assert_eq!([0, 999, 1000, 271_346, 1_234_567].map(thousands), ["0", "999", "1,000", "271,346", "1,234,567"]);
        assert_eq!([10, 2048, 1_073_752].map(bytes), ["10 B", "2.0 KB", "1.02 MB"]);
    }
}
