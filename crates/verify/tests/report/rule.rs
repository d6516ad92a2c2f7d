//! The rule by which verdicts become cells.

use Verdict::{Failed, NotApplicable, NotRun, Passed};
use landfall_manifest::Format;
use landfall_verify::evidence::{Evidence, How, Laboratory, Run, SpeaksFor, Step, Structure, Verdict};
use landfall_verify::report::{Cell, Link, Matrix, State};
use landfall_verify::steps::{self, Stage};

const DEB: &str = "product_1.0.0_amd64.deb";

/// A run of a deb that says `verdicts` of two steps of the installation; the others do not apply.
fn run(laboratory: &str, verdicts: [Verdict; 2]) -> Run {
    let step = |(id, verdict): (&str, Verdict)| Step {
        id: id.into(),
        verdict,
        duration_ms: 1,
        reason: String::new(),
        commands: vec![],
    };
    Run {
        artifact: DEB.into(),
        format: Format::Deb,
        target: "x86_64-unknown-linux-gnu".into(),
        sha256: String::new(),
        laboratory: laboratory.into(),
        duration_ms: 1,
        steps: ["install", "files", "layout", "registry"]
            .into_iter()
            .zip(verdicts.into_iter().chain([NotApplicable; 2]))
            .map(step)
            .collect(),
    }
}

fn laboratory(id: &str, how: How) -> Laboratory {
    let speaks = SpeaksFor { platform: "debian-12".into(), how, difference: String::new() };
    Laboratory { id: id.into(), title: id.into(), identity: id.into(), speaks_for: vec![speaks] }
}

fn structure(verdict: Verdict) -> Structure {
    Structure { artifact: DEB.into(), platform: "debian-12".into(), verdict, findings: vec![] }
}

/// `native`, `second-native` and `stand-in` are the laboratories.
fn evidence(runs: Vec<Run>, structure: Vec<Structure>) -> Evidence {
    Evidence {
        schema: 1,
        product: "product".into(),
        title: "Product".into(),
        version: "1.0.0".into(),
        commit: None,
        previous: None,
        started: "2026-11-21T12:00:00Z".into(),
        duration_ms: 1,
        machine: String::new(),
        laboratories: vec![
            laboratory("native", How::Native),
            laboratory("second-native", How::Native),
            laboratory("stand-in", How::StandIn),
        ],
        runs,
        structure,
    }
}

/// The cells of Debian 12's only package.
fn cells(evidence: &Evidence) -> Vec<Cell> {
    let matrix = Matrix::new(evidence);
    let row = matrix.rows.iter().find(|row| row.platform.id == "debian-12").unwrap();
    assert_eq!(row.packages.len(), 1);
    row.packages[0].cells.clone()
}

fn install(runs: Vec<Run>, structure: Vec<Structure>) -> Cell {
    cells(&evidence(runs, structure))[0]
}

const ALL: [Verdict; 4] = [Passed, Failed, NotApplicable, NotRun];

/// What one run with these two verdicts makes of the cell, written down independently of the code.
fn alone(how: How, verdicts: [Verdict; 2]) -> State {
    match verdicts {
        [Failed, _] | [_, Failed] => State::Failed { how },
        [Passed, Passed] => State::Passed { how, steps: 2 },
        [Passed, NotRun] | [NotRun, Passed] => State::Partly { how, passed: 1, steps: 2 },
        [Passed, NotApplicable] | [NotApplicable, Passed] => State::Passed { how, steps: 1 },
        [NotApplicable, NotApplicable] => State::NotApplicable,
        [NotRun, _] | [_, NotRun] => State::NotKnown,
    }
}

fn pairs() -> impl Iterator<Item = [Verdict; 2]> {
    ALL.into_iter().flat_map(|first| ALL.into_iter().map(move |second| [first, second]))
}

#[test]
fn one_run() {
    for verdicts in pairs() {
        let native = install(vec![run("native", verdicts)], vec![]);
        assert_eq!(native.state, alone(How::Native, verdicts), "{verdicts:?}");
        assert_eq!(native.link, Some(Link::Run(0)));
        let stand_in = install(vec![run("stand-in", verdicts)], vec![]);
        assert_eq!(stand_in.state, alone(How::StandIn, verdicts), "{verdicts:?}");
    }
}

#[test]
fn the_platform_itself_outweighs_a_stand_in_and_a_failure_outweighs_both() {
    for native in pairs() {
        for stand_in in pairs() {
            let cell = install(vec![run("stand-in", stand_in), run("native", native)], vec![]);
            let state = cell.state;
            let (alone_native, alone_stand_in) = (alone(How::Native, native), alone(How::StandIn, stand_in));
            let context = format!("native {native:?}, stand-in {stand_in:?}");
            if native.contains(&Failed) {
                assert_eq!(
                    (state, cell.link),
                    (State::Failed { how: How::Native }, Some(Link::Run(1))),
                    "{context}"
                );
            } else if stand_in.contains(&Failed) {
                assert_eq!(
                    (state, cell.link),
                    (State::Failed { how: How::StandIn }, Some(Link::Run(0))),
                    "{context}"
                );
            } else if native.contains(&Passed) {
                assert_eq!((state, cell.link), (alone_native, Some(Link::Run(1))), "{context}");
            } else if stand_in.contains(&Passed) {
                assert_eq!((state, cell.link), (alone_stand_in, Some(Link::Run(0))), "{context}");
            } else {
                assert!(matches!(state, State::NotKnown | State::NotApplicable), "{context}: {state:?}");
            }
        }
    }
}

#[test]
fn two_runs_on_the_platform_itself_complete_each_other() {
    let seen = |first, second| install(vec![run("native", first), run("second-native", second)], vec![]);
    let whole = State::Passed { how: How::Native, steps: 2 };
    assert_eq!(seen([Passed, NotRun], [NotRun, Passed]).state, whole);
    assert_eq!(
        seen([Passed, NotRun], [Passed, Passed]),
        Cell { stage: Stage::Install, state: whole, link: Some(Link::Run(1)) }
    );
    assert_eq!(
        seen([Passed, NotApplicable], [Passed, NotRun]).state,
        State::Partly { how: How::Native, passed: 1, steps: 2 }
    );
    assert_eq!(seen([Passed, Passed], [Passed, Failed]).state, State::Failed { how: How::Native });
}

#[test]
fn what_the_file_says() {
    let of = |runs, verdict| {
        let cells = cells(&evidence(runs, vec![structure(verdict)]));
        (cells[0].state, cells[0].link)
    };
    let here = Some(Link::Platform);
    assert_eq!(of(vec![], Passed), (State::Sound, here));
    assert_eq!(of(vec![], Failed), (State::RuledOut, here));
    assert_eq!(of(vec![], NotRun), (State::NotKnown, None));
    for verdicts in pairs() {
        let stand_in = of(vec![run("stand-in", verdicts)], Failed).0;
        let native = of(vec![run("native", verdicts)], Failed).0;
        match alone(How::Native, verdicts) {
            State::Failed { how } => {
                assert_eq!(native, State::Failed { how });
                assert_eq!(stand_in, State::Failed { how: How::StandIn });
            }
            State::NotKnown | State::NotApplicable => {
                assert_eq!((native, stand_in), (State::RuledOut, State::RuledOut));
            }
            seen => {
                assert_eq!((native, stand_in), (seen, State::RuledOut), "only the platform itself refutes it")
            }
        }
        let examined = of(vec![run("stand-in", verdicts)], Passed).0;
        match alone(How::StandIn, verdicts) {
            State::NotKnown | State::NotApplicable => assert_eq!(examined, State::Sound),
            seen => assert_eq!(examined, seen),
        }
    }
}

#[test]
fn a_file_says_nothing_of_what_comes_after_the_installation() {
    for verdict in [Passed, Failed] {
        let cells = cells(&evidence(vec![], vec![structure(verdict)]));
        assert!(cells[1..].iter().all(|cell| cell.state == State::NotKnown));
    }
    let mut run = run("stand-in", [Passed, Passed]);
    run.steps.iter_mut().for_each(|step| step.id = "health".into());
    let ruled_out = cells(&evidence(vec![run.clone()], vec![structure(Failed)]));
    assert_eq!(ruled_out[1].state, State::NotKnown, "a stand-in shows nothing where the file cannot work");
    let runs = cells(&evidence(vec![run], vec![structure(Passed)]));
    let steps = steps::ALL.iter().filter(|step| step.stage == Stage::Run).count();
    assert_eq!(runs[1].state, State::Partly { how: How::StandIn, passed: 1, steps });
}

#[test]
fn of_two_statements_the_worse_counts() {
    let cell = install(vec![], vec![structure(Passed), structure(Failed), structure(Passed)]);
    assert_eq!(cell.state, State::RuledOut);
    let mut evidence = evidence(vec![run("native", [Passed, Passed])], vec![]);
    let weaker = SpeaksFor { how: How::StandIn, ..evidence.laboratories[0].speaks_for[0].clone() };
    evidence.laboratories[0].speaks_for.push(weaker);
    assert_eq!(cells(&evidence)[0].state, State::Passed { how: How::StandIn, steps: 2 });
    let mut twice = run("native", [Passed, Passed]);
    twice.steps.push(Step { verdict: NotRun, ..twice.steps[1].clone() });
    assert_eq!(install(vec![twice], vec![]).state, State::Partly { how: How::Native, passed: 1, steps: 2 });
}

#[test]
fn a_run_says_nothing_of_a_platform_that_does_not_take_the_package() {
    let nothing = |change: &dyn Fn(&mut Run)| {
        let mut run = run("native", [Passed, Passed]);
        change(&mut run);
        let evidence = evidence(vec![run], vec![]);
        Matrix::new(&evidence).rows.iter().all(|row| row.packages.is_empty())
    };
    assert!(!nothing(&|_| {}));
    assert!(nothing(&|run| run.format = Format::Rpm));
    assert!(nothing(&|run| run.target = "aarch64-unknown-linux-gnu".into()));
    assert!(nothing(&|run| run.target = "no target".into()));
    assert!(nothing(&|run| run.laboratory = "elsewhere".into()));
}

#[test]
fn a_laboratory_that_only_examines_files_is_no_witness() {
    let mut evidence = evidence(vec![run("native", [Passed, Passed])], vec![]);
    evidence.laboratories[0].speaks_for[0].how = How::Structure;
    assert!(Matrix::new(&evidence).rows.iter().all(|row| row.packages.is_empty()));
}

#[test]
fn packages_stand_in_the_order_of_choice_and_are_told_apart() {
    let named = |artifact: &str, format, target: &str| Run {
        artifact: artifact.into(),
        format,
        target: target.into(),
        ..run("native", [Passed, Passed])
    };
    let (gnu, musl) = ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl");
    let evidence = evidence(
        vec![
            named("a-gnu.tar.gz", Format::TarGz, gnu),
            named("a-musl.tar.gz", Format::TarGz, musl),
            named("z.deb", Format::Deb, gnu),
        ],
        vec![],
    );
    let matrix = Matrix::new(&evidence);
    let row = matrix.rows.iter().find(|row| row.platform.id == "debian-12").unwrap();
    let labels: Vec<_> = row.packages.iter().map(|package| package.label.as_str()).collect();
    assert_eq!(labels, ["deb", "tar.gz gnu", "tar.gz musl"]);
}
