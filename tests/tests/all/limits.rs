//! The limits that `docs/limits.md` states are those of the code.

use foldnet::deploy::quantize;
use foldnet_core::layer::{MAX_DENSE, MAX_LAYERS};

#[test]
fn the_page_states_the_code_s_limits() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/limits.md");
    let page = std::fs::read_to_string(path).expect("docs/limits.md");
    let check = |what: &str, limit: usize| {
        let stated = page.lines().find_map(|line| line.strip_prefix(&format!("| {what} | "))?.split(" |").next());
        let stated = stated.unwrap_or_else(|| panic!("no row '{what}'")).replace(',', "");
        assert_eq!(stated, limit.to_string(), "{what}");
    };
    check("Dense layers", MAX_DENSE);
    check("layers in total", MAX_LAYERS);
    check("units of a layer, inputs of a network", usize::from(u16::MAX));
    check("classes", usize::from(u16::MAX));
    check("inputs of a quantized layer", quantize::MAX_INPUTS);
}
