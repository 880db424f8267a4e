//! The allowed dependencies between the workspace's packages, compared with their manifests.

use super::{File, Finding};
use toml::{Table, Value};

/// Allowed dependencies of a package.
struct Rule {
    package: &'static str,
    /// On every target.
    allowed: &'static [&'static str],
    /// Only under [`ON_A_PC`].
    allowed_on_a_pc: &'static [&'static str],
}

const DATA: &str = "foldnet-data";
const CORE: &str = "foldnet-core";
const IMPORT: &str = "foldnet-import";
const SIM: &str = "foldnet-sim";
const PLUGIN: &str = "foldnet-plugin";
const C: &str = "foldnet-c";
const HOST: &str = "foldnet";

const RULES: [Rule; 12] = [
    Rule { package: CORE, allowed: &[], allowed_on_a_pc: &[] },
    Rule { package: C, allowed: &[CORE], allowed_on_a_pc: &[] },
    Rule { package: DATA, allowed: &[], allowed_on_a_pc: &[] },
    Rule { package: IMPORT, allowed: &[], allowed_on_a_pc: &[] },
    Rule { package: SIM, allowed: &[CORE], allowed_on_a_pc: &[DATA] },
    Rule { package: PLUGIN, allowed: &[], allowed_on_a_pc: &[] },
    Rule { package: HOST, allowed: &[CORE, DATA, IMPORT, SIM], allowed_on_a_pc: &[] },
    Rule { package: "foldnet-fuzz", allowed: &[CORE, IMPORT, "foldnet-tests"], allowed_on_a_pc: &[] },
    Rule { package: "foldnet-motion", allowed: &[CORE], allowed_on_a_pc: &[] },
    Rule { package: "foldnet-stm32f405", allowed: &[CORE], allowed_on_a_pc: &[] },
    Rule { package: "foldnet-tests", allowed: &[CORE, DATA, IMPORT, SIM, PLUGIN, HOST], allowed_on_a_pc: &[] },
    Rule { package: "foldnet-wasm-cases", allowed: &[CORE], allowed_on_a_pc: &[] },
];

/// The condition for dependencies that only exist on a PC.
const ON_A_PC: &str = "cfg(not(target_os = \"none\"))";

/// The Rust names of the packages on which the one in `folder` must not depend.
pub fn foreign_crates(folder: &str) -> Vec<String> {
    let package = match folder {
        "core" => CORE,
        "c" => C,
        "host/data" => DATA,
        "host/import" => IMPORT,
        "firmware-sim" => SIM,
        "host" => HOST,
        _ => return Vec::new(),
    };
    let Some(rule) = RULES.iter().find(|rule| rule.package == package) else { return Vec::new() };
    let known = |name: &str| name == package || rule.allowed.contains(&name) || rule.allowed_on_a_pc.contains(&name);
    RULES.iter().map(|rule| rule.package).filter(|name| !known(name)).map(|name| name.replace('-', "_")).collect()
}

/// A dependency as a manifest writes it.
struct Dependency {
    key: String,
    package: String,
    condition: Option<String>,
}

/// Checks that a package's dependencies of all kinds on other packages of the workspace are those of the design;
/// `workspace` is the root's manifest, which has the inherited ones.
///
/// # Errors
/// If a manifest cannot be read, or names a package that the design does not have.
pub fn arrows(manifest: &File, workspace: &File) -> Result<Vec<Finding>, String> {
    let table = parse(manifest)?;
    let name = table.get("package").and_then(|package| package.get("name")).and_then(Value::as_str).unwrap_or_default();
    let Some(rule) = RULES.iter().find(|rule| rule.package == name) else {
        return Err(format!("{}: the package `{name}` is not in the design: add a rule for it", manifest.path));
    };
    let mut findings = Vec::new();
    for Dependency { key, package, condition } in dependencies(&table, &parse(workspace)?) {
        let on_a_pc = condition.as_deref() == Some(ON_A_PC) && rule.allowed_on_a_pc.contains(&package.as_str());
        if RULES.iter().all(|rule| rule.package != package) || rule.allowed.contains(&package.as_str()) || on_a_pc {
            continue;
        }
        let condition = condition.map_or(String::new(), |condition| format!(" under {condition}"));
        findings.push(Finding::at(
            manifest,
            line_of(manifest, &key),
            format!("{name} must not depend on {package}{condition}"),
        ));
    }
    Ok(findings)
}

/// The name of a package, and its dependencies of all kinds from outside the workspace.
///
/// # Errors
/// If a manifest cannot be read.
pub fn foreign_dependencies(manifest: &File, workspace: &File) -> Result<(String, Vec<String>), String> {
    let table = parse(manifest)?;
    let name = table.get("package").and_then(|package| package.get("name")).and_then(Value::as_str).unwrap_or_default();
    let all = dependencies(&table, &parse(workspace)?).into_iter().map(|dependency| dependency.package);
    let foreign = all.filter(|package| RULES.iter().all(|rule| rule.package != package));
    Ok((name.to_owned(), foreign.collect()))
}

/// The names by which a package's code knows its dependencies of all kinds.
///
/// # Errors
/// If a manifest cannot be read.
pub fn dependency_names(manifest: &File, workspace: &File) -> Result<Vec<String>, String> {
    let found = dependencies(&parse(manifest)?, &parse(workspace)?);
    Ok(found.into_iter().map(|dependency| dependency.key.replace('-', "_")).collect())
}

/// Every package of the workspace takes the workspace's lints, one that is a workspace of its own denies `unsafe_code`,
/// and no manifest silences a lint.
///
/// # Errors
/// When the manifest cannot be read.
pub fn lints(manifest: &File) -> Result<Vec<Finding>, String> {
    let table = parse(manifest)?;
    let own = table.get("lints");
    let level = |table: &str, lint: &str| own.and_then(|lints| lints.get(table)?.get(lint)?.as_str());
    let inherited = own.and_then(|lints| lints.get("workspace")).and_then(Value::as_bool) == Some(true);
    let stands_alone = table.contains_key("workspace") && level("rust", "unsafe_code") == Some("deny");
    let mut findings = Vec::new();
    if table.contains_key("package") && !inherited && !stands_alone {
        let what = "must have `[lints] workspace = true`, or deny `unsafe_code` where it is a workspace of its own";
        findings.push(Finding::at(manifest, 1, what));
    }
    let shared = table.get("workspace").and_then(|workspace| workspace.get("lints"));
    for (lint, level) in [own, shared].into_iter().flatten().filter_map(Value::as_table).flat_map(levels) {
        if level == "allow" {
            findings.push(Finding::at(
                manifest,
                line_of(manifest, &lint),
                format!("silences `{lint}`: fix the cause instead"),
            ));
        }
    }
    Ok(findings)
}

/// Every lint of a `[lints]` table with its level.
fn levels(lints: &Table) -> Vec<(String, String)> {
    let tools = lints.values().filter_map(Value::as_table).flatten();
    tools
        .filter_map(|(lint, level)| {
            let level = level.get("level").unwrap_or(level).as_str()?;
            Some((lint.clone(), level.to_owned()))
        })
        .collect()
}

fn parse(manifest: &File) -> Result<Table, String> {
    manifest.text.parse().map_err(|error| format!("{}: cannot be read: {error}", manifest.path))
}

/// All dependencies of a manifest: of every kind, and of every target.
fn dependencies(manifest: &Table, workspace: &Table) -> Vec<Dependency> {
    let shared = workspace.get("workspace").and_then(|w| w.get("dependencies")).and_then(Value::as_table);
    let mut found = of_one_target(manifest, None, shared);
    for (condition, table) in manifest.get("target").and_then(Value::as_table).into_iter().flatten() {
        found.extend(table.as_table().into_iter().flat_map(|table| of_one_target(table, Some(condition), shared)));
    }
    found
}

fn of_one_target(table: &Table, condition: Option<&String>, shared: Option<&Table>) -> Vec<Dependency> {
    let kinds = ["dependencies", "dev-dependencies", "build-dependencies"];
    let listed = kinds.into_iter().filter_map(|kind| table.get(kind)?.as_table()).flatten();
    listed
        .map(|(key, value)| {
            let renamed = [Some(value), shared.and_then(|shared| shared.get(key))];
            let renamed = renamed.into_iter().flatten().find_map(|value| value.get("package")?.as_str());
            Dependency { key: key.clone(), package: renamed.unwrap_or(key).to_owned(), condition: condition.cloned() }
        })
        .collect()
}

/// The first line that begins with a key, in its own table or not.
fn line_of(manifest: &File, key: &str) -> usize {
    let is_key = |line: &str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.starts_with([' ', '=', '.'])) || line.contains(&format!(".{key}]"))
    };
    manifest.text.lines().position(is_key).map_or(1, |line| line + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: &str = "[workspace.dependencies]\nfoldnet-core = { path = \"core\" }\n\
                             data = { path = \"host/data\", package = \"foldnet-data\" }\n";

    fn check(package: &str, dependencies: &str, expected: &[&str]) {
        let text = format!("[package]\nname = \"{package}\"\n{dependencies}");
        let found = arrows(&File::new("a/Cargo.toml", &text), &File::new("Cargo.toml", WORKSPACE)).unwrap();
        let found: Vec<_> = found.iter().map(Finding::to_string).collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn arrows_of_the_design_pass() {
        check("foldnet-core", "[dependencies]\nlibm = \"0.2\"", &[]);
        check("foldnet-sim", "[dependencies]\nfoldnet-core.workspace = true", &[]);
        let on_a_pc = "[target.'cfg(not(target_os = \"none\"))'.dependencies]\ndata = { workspace = true }";
        check("foldnet-sim", on_a_pc, &[]);
        check("foldnet", "[dependencies]\nfoldnet-core = \"1\"\nfoldnet-sim = \"1\"\ndata.workspace = true", &[]);
        check("foldnet-tests", "[dev-dependencies]\nfoldnet = { path = \"../host\" }", &[]);
    }

    #[test]
    fn arrows_against_the_design_are_found() {
        let no = |package: &str, line: usize, rest: &str| {
            format!("a/Cargo.toml:{line}: {package} must not depend on {rest}")
        };
        let core_host = no("foldnet-core", 4, "foldnet");
        check("foldnet-core", "[dependencies]\nfoldnet = \"1\"", &[&core_host]);
        check("foldnet-core", "[dev-dependencies]\nfoldnet = \"1\"", &[&core_host]);
        check("foldnet-core", "[build-dependencies]\nfoldnet = \"1\"", &[&core_host]);
        check("foldnet-core", "[dependencies]\nother = { package = \"foldnet\" }", &[&core_host]);
        check("foldnet-core", "[dependencies.foldnet]\nversion = \"1\"", &[&no("foldnet-core", 3, "foldnet")]);
        check("foldnet-data", "[dependencies]\nfoldnet-core = \"1\"", &[&no("foldnet-data", 4, "foldnet-core")]);
        check("foldnet-sim", "[dependencies]\ndata.workspace = true", &[&no("foldnet-sim", 4, "foldnet-data")]);
        check("foldnet-sim", "[dependencies]\nfoldnet = \"1\"", &[&no("foldnet-sim", 4, "foldnet")]);
        check("foldnet", "[dependencies]\nfoldnet-tests = \"1\"", &[&no("foldnet", 4, "foldnet-tests")]);
        let condition = "cfg(target_os = \"none\")";
        let on_a_device = format!("[target.'{condition}'.dependencies]\ndata = {{ workspace = true }}");
        check("foldnet-sim", &on_a_device, &[&no("foldnet-sim", 4, &format!("foldnet-data under {condition}"))]);
    }

    #[test]
    fn an_unknown_package_needs_a_rule() {
        let workspace = File::new("Cargo.toml", WORKSPACE);
        let error = arrows(&File::new("a/Cargo.toml", "[package]\nname = \"foldnet-gui\""), &workspace).unwrap_err();
        assert!(error.contains("`foldnet-gui` is not in the design"), "{error}");
        let error = arrows(&File::new("a/Cargo.toml", "[package"), &workspace).unwrap_err();
        assert!(error.starts_with("a/Cargo.toml: cannot be read"), "{error}");
    }

    #[test]
    fn core_depends_on_nothing_by_name() {
        let mut foreign = foreign_crates("core");
        foreign.sort();
        assert_eq!(
            foreign,
            [
                "foldnet",
                "foldnet_c",
                "foldnet_data",
                "foldnet_fuzz",
                "foldnet_import",
                "foldnet_motion",
                "foldnet_plugin",
                "foldnet_sim",
                "foldnet_stm32f405",
                "foldnet_tests",
                "foldnet_wasm_cases"
            ]
        );
        assert_eq!(
            foreign_crates("firmware-sim"),
            [
                "foldnet_c",
                "foldnet_import",
                "foldnet_plugin",
                "foldnet",
                "foldnet_fuzz",
                "foldnet_motion",
                "foldnet_stm32f405",
                "foldnet_tests",
                "foldnet_wasm_cases"
            ]
        );
    }

    #[test]
    fn silenced_and_missing_lints_are_found() {
        let check = |text: &str, expected: &[usize]| {
            let lines: Vec<_> = lints(&File::new("Cargo.toml", text)).unwrap().iter().map(|found| found.line).collect();
            assert_eq!(lines, expected, "{text}");
        };
        check("[package]\nname = \"a\"\n[lints]\nworkspace = true", &[]);
        check("[package]\nname = \"a\"", &[1]);
        check("[package]\nname = \"a\"\n[workspace]\n[lints.rust]\nunsafe_code = \"deny\"", &[]);
        check("[package]\nname = \"a\"\n[workspace]\n[lints.rust]\nunsafe_code = \"warn\"", &[1]);
        check("[package]\nname = \"a\"\n[lints.rust]\nunsafe_code = \"deny\"", &[1]);
        check("[workspace.lints.rust]\nunsafe_code = \"deny\"\n[workspace.lints.clippy]\nall = \"allow\"", &[4]);
        check("[workspace.lints.clippy]\nall = { level = \"allow\", priority = -1 }", &[2]);
    }
}
