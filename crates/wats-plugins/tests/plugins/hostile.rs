//! A hostile plug-in costs its file, and no more.

use crate::support::{LABEL, convert, label_with, plugin, tight};
use std::time::Duration;
use wats_converters::{AUTO, Arguments, Confidence, Converter, Converters, Source};
use wats_plugins::Limits;

/// What becomes of a file when the function that converts has this body. Afterwards the same plug-in works as before.
fn outcome(body: &str) -> String {
    let plugin = plugin(&label_with("wats_convert", body), tight()).unwrap_or_else(|fault| panic!("{fault}"));
    let first = convert(&plugin, b"LBL").unwrap_err().to_string();
    let second = convert(&plugin, b"LBL").unwrap_err().to_string();
    assert_eq!(first, second);
    first
}

/// What is said of a module that cannot be used.
fn unusable(text: &str) -> String {
    plugin(text, tight()).unwrap_err().to_string()
}

const ANSWER: &str = "(i64.const 0)";

#[test]
fn endless_loops_end() {
    let said = outcome(&format!("(loop $again (br $again)) {ANSWER}"));
    assert!(
        said.starts_with("the converter plugin:label ran for more than the 150 million instructions"),
        "{said}"
    );
    // Also one that does much in each step, and one that is a chain of tail calls.
    let said = outcome(&format!(
        "(loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 131072)) (br $again)) {ANSWER}"
    ));
    assert!(said.contains("ran for more than"), "{said}");
    let text = label_with("wats_convert", "(return_call $again)")
        .replace("(memory (export", "(func $again (result i64) (return_call $again)) (memory (export");
    let said = convert(&plugin(&text, tight()).unwrap(), b"x").unwrap_err().to_string();
    assert!(said.contains("ran for more than"), "{said}");
}

#[test]
fn memory_is_bounded() {
    // It asks until nothing is given any more, and takes what it has.
    let said = outcome(
        "(block $full (loop $more (br_if $full (i32.eq (i32.const -1) (memory.grow (i32.const 1)))) (br $more)))
         (call $answer (i32.const 0) (memory.size))",
    );
    // 8 MiB are 128 pages.
    assert!(said.contains("an answer that is not valid JSON"), "{said}");
    let said = outcome(
        "(drop (memory.grow (i32.const 128))) (call $answer (i32.const 0) (i32.mul (memory.size) (i32.const 65536)))",
    );
    assert!(said.contains("gave an answer of 131072 bytes; 65536 are allowed"), "{said}");
    let large = LABEL.replace("(export \"memory\") 2)", "(export \"memory\") 65536)");
    assert!(unusable(&large).contains("it cannot describe itself"), "{}", unusable(&large));
    let plugin = plugin(LABEL, tight()).unwrap();
    let said = convert(&plugin, &vec![b'x'; 7 << 20]).unwrap_err().to_string();
    assert!(said.contains("crashed") || said.contains("bytes; 65536 are allowed"), "{said}");
    let said = convert(&plugin, &vec![b'x'; 9 << 20]).unwrap_err().to_string();
    assert!(said.contains("has no room for 9437184 bytes within its limit of 8 MiB"), "{said}");
}

#[test]
fn tables_are_bounded() {
    let large = LABEL.replace("(global $free", "(table 1000000 funcref) (global $free");
    assert!(unusable(&large).contains("it cannot describe itself"));
    let growing = label_with(
        "wats_convert",
        "(block $full (loop $more
           (br_if $full (i32.eq (i32.const -1) (table.grow $t (ref.null func) (i32.const 10000)))) (br $more)))
         (if (i32.gt_u (table.size $t) (i32.const 100000)) (then (unreachable)))
         (call $answer (i32.const 0) (i32.const 3))",
    )
    .replace("(global $free", "(table $t 1 funcref) (global $free");
    let said = convert(&plugin(&growing, tight()).unwrap(), b"x").unwrap_err().to_string();
    assert!(said.contains("not valid JSON"), "{said}");
}

#[test]
fn answers_are_bounded_and_lie_in_memory() {
    let answer = |start: u32, length: u32| {
        outcome(&format!("(call $answer (i32.const {start}) (i32.const {length}))"))
    };
    assert!(answer(0, u32::MAX).contains("gave an answer of 4294967295 bytes; 65536 are allowed"));
    assert!(answer(0, 70_000).contains("gave an answer of 70000 bytes; 65536 are allowed"));
    assert!(answer(131_072, 1).contains("does not lie in its memory"));
    assert!(answer(u32::MAX, 1).contains("does not lie in its memory"));
    assert!(answer(u32::MAX, 65_536).contains("does not lie in its memory"));
    assert!(answer(131_071, 1).contains("not valid JSON"));
    assert!(answer(0, 0).contains("gave no answer"));
    assert!(outcome("(i64.const -1)").contains("are allowed"));
}

#[test]
fn addresses_that_it_gives_are_checked() {
    let with = |address: &str| {
        let plugin = plugin(&label_with("wats_alloc", &format!("(i32.const {address})")), tight()).unwrap();
        convert(&plugin, b"LBL").unwrap_err().to_string()
    };
    assert!(with("-1").contains("does not lie in its memory"), "{}", with("-1"));
    assert!(with("131070").contains("does not lie in its memory"));
    assert!(with("0").contains("has no room for"));
    // Both inputs in one place, over its own description: nobody's loss but its own.
    assert!(!with("1024").is_empty());
}

#[test]
fn crashes_stay_inside() {
    for (body, reason) in [
        ("(unreachable)", "which is how a panic ends"),
        ("(drop (i32.div_s (i32.const 1) (i32.const 0))) (i64.const 0)", "divide by zero"),
        ("(drop (i32.load (i32.const -4))) (i64.const 0)", "out of bounds"),
        ("(memory.fill (i32.const 0) (i32.const 0) (i32.const -1)) (i64.const 0)", "out of bounds"),
        ("(drop (i32.trunc_f32_s (f32.const nan))) (i64.const 0)", "conversion"),
    ] {
        let said = outcome(body);
        assert!(said.starts_with("the converter plugin:label crashed: ") && said.contains(reason), "{said}");
    }
}

#[test]
fn recursion_is_bounded() {
    let text = label_with("wats_convert", "(call $deeper (i64.const 1))").replace(
        "(memory (export",
        "(func $deeper (param i64) (result i64) (i64.add (local.get 0) (call $deeper (local.get 0)))) (memory (export",
    );
    let said = convert(&plugin(&text, tight()).unwrap(), b"x").unwrap_err().to_string();
    assert!(said.contains("crashed: ") && said.contains("stack"), "{said}");
    // Few calls with very large frames.
    let locals = "(local i64)".repeat(20_000);
    let text = label_with("wats_convert", "(call $deeper (i64.const 1))").replace(
        "(memory (export",
        &format!("(func $deeper (param i64) (result i64) {locals} (i64.add (local.get 0) (call $deeper (local.get 0)))) (memory (export"),
    );
    match plugin(&text, tight()) {
        Ok(plugin) => assert!(convert(&plugin, b"x").unwrap_err().to_string().contains("crashed: ")),
        Err(fault) => assert!(fault.to_string().contains("WebAssembly module"), "{fault}"),
    }
}

#[test]
fn nothing_can_be_called() {
    let asking = LABEL.replace(
        "(memory (export",
        "(import \"wasi_snapshot_preview1\" \"sock_open\" (func (param i32) (result i32))) (memory (export",
    );
    assert!(
        unusable(&asking)
            .contains("it imports wasi_snapshot_preview1.sock_open, but plug-ins are given nothing to call")
    );
    let memory = LABEL.replace(
        "(memory (export \"memory\") 2)",
        "(import \"env\" \"memory\" (memory 2)) (export \"memory\" (memory 0))",
    );
    assert!(unusable(&memory).contains("it imports env.memory"));
}

#[test]
fn modules_that_do_not_keep_to_the_interface_are_named_as_such() {
    assert!(unusable("(module)").contains("it does not export memory"));
    assert!(unusable(&LABEL.replace("wats_convert", "convert")).contains("it does not export wats_convert"));
    let other = label_with("wats_alloc", "(i32.const 8)")
        .replace("\"wats_alloc\") (param $length i32)", "\"wats_alloc\") (param $length i64)");
    let other = other.replace("(call $alloc (i32.add (local.get 3) (i32.const 512)))", "(i32.const 8)");
    assert!(unusable(&other).contains("wats_alloc"), "{}", unusable(&other));
    let memory = LABEL
        .replace("(export \"memory\")", "(export \"m\")")
        .replace("(global $free", "(global (export \"memory\") i32 (i32.const 1)) (global $free");
    assert!(unusable(&memory).contains("cannot describe itself"));
    let starting = LABEL.replace("(global $free", "(func $s (loop $l (br $l))) (start $s) (global $free");
    assert!(
        unusable(&starting).contains("it is no WebAssembly module that this program runs"),
        "{}",
        unusable(&starting)
    );
    for description in ["(unreachable)", "(loop $l (br $l)) (i64.const 0)", "(i64.const -1)", "(i64.const 0)"]
    {
        let said = unusable(&label_with("wats_describe", description));
        assert!(said.contains("describe itself") || said.contains("its description is wrong"), "{said}");
    }
    assert!(
        unusable(&LABEL.replace("\\\"name\\\":\\\"label\\\"", "\\\"name\\\":\\\"LABEL\\\""))
            .contains("its description is wrong")
    );
}

/// One that fails or lies when it is asked keeps nobody else from a file.
#[test]
fn auto_survives_them_all() {
    let seica = b"<R><ST NM='x'/></R>".to_vec();
    for judge in [
        "(unreachable)",
        "(loop $l (br $l)) (i32.const 100)",
        "(i32.const -1)",
        "(i32.const 101)",
        "(i32.const 2147483647)",
    ] {
        let plugin = plugin(&label_with("wats_confidence", judge), tight()).unwrap();
        assert_eq!(plugin.confidence(&Source::new("a.xml", seica.clone())), Confidence::NONE, "{judge}");
    }
    // A greedy one does not take what others are certain of.
    let greedy = label_with("wats_confidence", "(i32.const 100)");
    let mut converters = Converters::default();
    converters.add(Box::new(plugin(&greedy, tight()).unwrap()));
    let wsxf = "<Reports xmlns='http://wats.virinco.com/schemas/WATS/Report/wsxf'/>";
    let refusal =
        converters.convert(AUTO, &Source::new("a.xml", wsxf.into()), &Arguments::default()).unwrap_err();
    assert!(!refusal.to_string().contains("plugin:label"), "{refusal}");
}

/// Bytes that are no module, and modules that are damaged anywhere, are refused or run within limits.
#[test]
fn damaged_modules_do_no_harm() {
    let good = crate::support::module(LABEL);
    let mut random = fastrand::Rng::with_seed(7);
    let limits = Limits { time: Duration::from_millis(20), ..tight() };
    let (mut refused, mut ran) = (0, 0);
    for _ in 0..1500 {
        let mut bytes = good.clone();
        for _ in 0..random.usize(1..4) {
            let at = random.usize(0..bytes.len());
            match random.u8(0..4) {
                0 => bytes[at] = random.u8(..),
                1 => bytes[at] ^= 1 << random.u8(0..8),
                2 => bytes.truncate(at.max(1)),
                _ => drop(bytes.remove(at)),
            }
            if bytes.len() < 2 {
                break;
            }
        }
        match wats_plugins::Plugin::new(&bytes, limits) {
            Ok(plugin) => {
                let _ = convert(&plugin, b"LBL");
                plugin.confidence(&Source::new("a", b"LBL".to_vec()));
                ran += 1;
            }
            Err(fault) => {
                assert!(!fault.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 100 && ran > 100, "{refused} refused, {ran} ran");
}
