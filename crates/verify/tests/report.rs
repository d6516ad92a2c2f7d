//! The report: the pages that a small verification gives, byte for byte, and what must hold of any page.
//!
//! `UPDATE_GOLDEN=1 cargo test -p landfall-verify --test report` writes the pages anew after a change that was
//! meant; look at the difference before committing it.

#[path = "report/rule.rs"]
mod rule;

use landfall_verify::evidence::{Command, Evidence, Step, Structure, Verdict};
use landfall_verify::report::{html, markdown};
use landfall_verify::steps;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn evidence() -> Evidence {
    serde_json::from_str(include_str!("report/evidence.json")).unwrap()
}

fn same_as_file(name: &str, made: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report").join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, made).unwrap();
    }
    let wanted = fs::read_to_string(&path).unwrap();
    let difference = made.lines().zip(wanted.lines()).enumerate().find(|(_, (made, wanted))| made != wanted);
    if let Some((line, (made, wanted))) = difference {
        panic!("{name} differs in line {}:\n  made:   {made}\n  wanted: {wanted}", line + 1);
    }
    assert_eq!(made.len(), wanted.len(), "{name} has another length");
}

/// Reads a page as XML, which forgives nothing, and returns its elements' names, attributes and texts.
fn with_page<T>(page: &str, read: impl FnOnce(&roxmltree::Document<'_>) -> T) -> T {
    let body = page.strip_prefix("<!DOCTYPE html>\n").expect("a page begins with its document type");
    read(&roxmltree::Document::parse(body).expect("a page is well-formed"))
}

fn check_page(page: &str) {
    with_page(page, |document| {
        let all = || document.descendants().filter(roxmltree::Node::is_element);
        let ids: Vec<_> = all().filter_map(|element| element.attribute("id")).collect();
        let unique: BTreeSet<_> = ids.iter().collect();
        assert_eq!(unique.len(), ids.len(), "an id is there twice");

        for element in all() {
            let name = element.tag_name().name();
            assert!(!matches!(name, "script" | "link" | "img" | "iframe" | "object"), "<{name}> in the page");
            for attribute in element.attributes() {
                let (key, value) = (attribute.name(), attribute.value());
                assert!(!key.starts_with("on") && key != "style" && key != "src", "{key} in <{name}>");
                if key == "href" {
                    let id = value.strip_prefix('#').expect("every link stays on the page");
                    assert!(unique.contains(&id), "{value} leads nowhere");
                }
                if key == "aria-labelledby" {
                    assert!(unique.contains(&value), "{value} names nothing");
                }
            }
            if name == "th" {
                assert!(element.has_attribute("scope"), "a heading of a table without scope");
            }
            // An empty element would be read as an open one by a browser.
            let text = &page["<!DOCTYPE html>\n".len()..][element.range()];
            let void = matches!(name, "meta" | "path" | "circle");
            assert!(void || !text.ends_with("/>"), "<{name}/> is not HTML");
        }
    });
    assert!(!page.contains("@import") && !page.contains("url("), "the page loads something");
}

fn text_of(page: &str) -> String {
    with_page(page, |document| {
        document.descendants().filter(|node| node.is_text()).filter_map(|node| node.text()).collect()
    })
}

#[test]
fn the_page_is_as_it_was() {
    same_as_file("report.html", &html(&evidence()));
}

#[test]
fn the_table_is_as_it_was() {
    same_as_file("report.md", &markdown(&evidence(), Some("https://example.org/report.html")));
}

#[test]
fn a_page_holds_together() {
    check_page(&html(&evidence()));
    let mut passed = evidence();
    passed.runs.remove(0);
    passed.structure.clear();
    check_page(&html(&passed));
    let nothing = Evidence { laboratories: vec![], runs: vec![], structure: vec![], ..evidence() };
    check_page(&html(&nothing));
    assert!(text_of(&html(&nothing)).contains("Nothing was run, and no file was examined."));
    let examined = Evidence { structure: evidence().structure, ..nothing };
    check_page(&html(&examined));
    let text = text_of(&html(&examined));
    assert!(
        text.contains("Nothing was run; the files themselves rule out 1 installation on Debian 11."),
        "{text}"
    );
}

#[test]
fn a_page_holds_together_whatever_the_evidence_says() {
    let evil = "\"'><script>x</script>&\u{0}\u{1b}[31m\u{1b}]0;\u{202e}\u{ffff}\u{85}\n|`";
    let mut evidence = evidence();
    for text in [
        &mut evidence.title,
        &mut evidence.version,
        &mut evidence.started,
        &mut evidence.machine,
        evidence.commit.as_mut().unwrap(),
        evidence.previous.as_mut().unwrap(),
    ] {
        *text = evil.into();
    }
    for laboratory in &mut evidence.laboratories {
        laboratory.title = evil.into();
        laboratory.identity = evil.into();
        laboratory.speaks_for[0].difference = evil.into();
    }
    evidence.laboratories.push(evidence.laboratories[0].clone());
    for run in &mut evidence.runs {
        run.artifact = evil.into();
        run.sha256 = evil.into();
        for step in &mut run.steps {
            step.reason = evil.into();
            step.commands = vec![Command { command: evil.into(), code: None, output: evil.repeat(5_000) }];
        }
    }
    evidence.runs[0].laboratory = evil.into();
    evidence.runs[1].target = evil.into();
    let step = Step {
        id: evil.into(),
        verdict: Verdict::Failed,
        duration_ms: u64::MAX,
        reason: String::new(),
        commands: vec![],
    };
    evidence.runs[1].steps.extend([step.clone(), step]);
    evidence.structure.push(Structure {
        artifact: evil.into(),
        platform: evil.into(),
        verdict: Verdict::Failed,
        findings: vec![evil.into()],
    });
    let page = html(&evidence);
    check_page(&page);
    assert!(!page.contains('\u{1b}') && !page.contains('\u{202e}'));
    let table = markdown(&evidence, Some(evil));
    assert!(!table.contains("<script>") && !table.contains('\u{1b}'));
}

#[test]
fn what_failed_comes_first_and_leads_to_its_output() {
    let page = html(&evidence());
    let failed = page.find("What failed</h2>").unwrap();
    assert!(failed < page.find("<table").unwrap());
    assert!(page.contains("<a href=\"#run-1-step-19\">A full disk during an upgrade harms nothing"));
    with_page(&page, |document| {
        let step = document.descendants().find(|node| node.attribute("id") == Some("run-1-step-19")).unwrap();
        let details = step.descendants().find(|node| node.has_tag_name("details")).unwrap();
        assert!(details.has_attribute("open"), "the output of what failed is shown");
    });
    let mut passed = evidence();
    passed.runs.remove(0);
    assert!(!html(&passed).contains("What failed</h2>"));
}

#[test]
fn output_is_text_and_bounded() {
    let text = text_of(&html(&evidence()));
    assert!(text.contains(
        "error: </code></pre><script>alert(1)</script> & \"quotes\" 'n' ⟨U+0000⟩⟨U+0008⟩\n  50%\n 100%\n"
    ));
    assert!(text.contains("user⟨U+202E⟩txt.exe"));
    assert!(text.contains("characters are left out here; evidence.json has them]"));
    assert!(text.contains("Setting up wats-client (0.3.0) ..."), "the end of the output is kept");
}

#[test]
fn the_same_evidence_gives_the_same_pages() {
    let evidence = evidence();
    assert_eq!(html(&evidence), html(&evidence.clone()));
    assert_eq!(markdown(&evidence, None), markdown(&evidence.clone(), None));
}

#[test]
fn a_step_without_a_record_was_not_run() {
    let mut evidence = evidence();
    evidence.runs.truncate(1);
    evidence.runs[0].steps.truncate(2);
    let text = text_of(&html(&evidence));
    let left = steps::ALL.len() - 2;
    assert!(text.contains(&format!("2 steps passed, none failed, {left} were not run")), "{text}");
    assert!(text.contains("There is no record of these steps"));
}

#[test]
fn the_table_has_a_line_for_every_package_and_platform() {
    let table = markdown(&evidence(), None);
    let lines: Vec<_> = table.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(
        lines.len(),
        2 + landfall_lint::platform::ALL.len(),
        "one package a platform in this evidence"
    );
    for line in &lines {
        assert_eq!(line.matches('|').count(), 11, "{line}");
    }
    assert!(!table.contains("]("), "without an address nothing is linked");
}
