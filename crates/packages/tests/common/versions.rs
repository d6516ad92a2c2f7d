//! Versions with an order that is plain to see, to hold the formats' own comparison to it.

use landfall_payload::Version;

/// A version whose order is that of its fields.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sample {
    numbers: [u64; 3],
    /// Rank among [`WORDS`], and its number.
    stage: (usize, Option<u64>),
    release: u32,
}

/// What may follow the numbers, in order; the last is a release.
const WORDS: [&str; 5] = ["alpha", "beta", "pre", "rc", ""];

impl Sample {
    /// As the manifest would give it.
    pub(crate) fn version(&self) -> Version {
        let [major, minor, patch] = self.numbers;
        let (word, number) = self.stage;
        let stage = match (WORDS[word], number) {
            ("", _) => String::new(),
            (word, None) => format!("-{word}"),
            (word, Some(number)) => format!("-{word}.{number}"),
        };
        Version::new(&format!("{major}.{minor}.{patch}{stage}"), self.release, None).unwrap()
    }
}

fn sample(numbers: [u64; 3], word: usize, number: Option<u64>, release: u32) -> Sample {
    Sample { numbers, stage: (word, if WORDS[word].is_empty() { None } else { number }), release }
}

/// Pairs that stand beside each other, the smaller first.
pub(crate) fn neighbours() -> Vec<(Sample, Sample)> {
    let mut all = Vec::new();
    for numbers in [[0, 9, 9], [0, 9, 10], [0, 10, 0], [1, 0, 0], [1, 2, 0], [1, 2, 1], [9, 0, 0], [10, 0, 0]]
    {
        for word in 0..WORDS.len() {
            for number in [None, Some(0), Some(1), Some(2), Some(9), Some(10), Some(11)] {
                all.push(sample(numbers, word, number, 1));
            }
        }
        all.push(sample(numbers, WORDS.len() - 1, None, 2));
        all.push(sample(numbers, WORDS.len() - 1, None, 10));
    }
    all.dedup();
    all.windows(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

/// Pairs drawn at random, the same ones each time; small numbers make equal parts likely.
pub(crate) fn pairs(count: usize) -> Vec<(Sample, Sample)> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut draw = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    };
    let mut one = || {
        let numbers = [draw(3), draw(12), draw(3)];
        let word = draw(WORDS.len() as u64) as usize;
        let number = Some(draw(13)).filter(|n| *n < 12);
        sample(numbers, word, number, 1 + draw(3) as u32)
    };
    (0..count).map(|_| (one(), one())).collect()
}
