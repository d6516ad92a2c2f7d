//! Parsing: which bytes and matches the content becomes, and where blocks begin.
//!
//! Among all ways to write a segment the cheapest is looked for, by the costs that the elements had in the round
//! before.

use super::matches::{Finder, NICE, common};
use super::statistics::{BIT, Costs, Statistics};
use super::{FRAME, MAX_MATCH, MIN_MATCH, Recent, Token};

/// Rounds after the first for each block.
const ROUNDS: usize = 2;
/// What describing the trees of a block takes about, in the unit of costs.
const HEADER: u64 = 300 * 8 * BIT as u64;

/// A block: whole frames of the content, but for the last of all.
pub(crate) struct Parsed {
    pub(crate) tokens: Vec<Token>,
    /// Bytes of its content.
    pub(crate) size: usize,
}

/// Parses `data` from `start` on; what stands before it is history. The result depends on nothing else.
pub(crate) fn parse(data: &[u8], start: usize, window: u8) -> Vec<Parsed> {
    let segment = Segment::new(data, start, window);
    // The true offsets are only known when the segments before were written; a guess at the beginning costs little.
    let mut recent = Recent::new();
    let frames: Vec<Vec<Token>> = {
        let costs = Costs::first();
        let mut recent = recent;
        segment.frames(start..data.len()).map(|frame| segment.cheapest(frame, &costs, &mut recent)).collect()
    };
    let mut blocks = Vec::new();
    let mut begin = start;
    for mut statistics in split(&frames) {
        let end = (begin + statistics.1 * FRAME).min(data.len());
        let at_begin = recent;
        let mut tokens = Vec::new();
        for _ in 0..ROUNDS {
            let costs = Costs::by(&statistics.0);
            recent = at_begin;
            tokens.clear();
            for frame in segment.frames(begin..end) {
                tokens.extend(segment.cheapest(frame, &costs, &mut recent));
            }
            statistics.0 = Statistics::new();
            statistics.0.count(&tokens, &mut at_begin.clone());
        }
        blocks.push(Parsed { tokens, size: end - begin });
        begin = end;
    }
    blocks
}

/// A segment with the matches of each of its positions.
struct Segment<'a> {
    data: &'a [u8],
    start: usize,
    reach: usize,
    matches: Vec<Token>,
    /// Where the matches of each position begin.
    index: Vec<u32>,
}

impl<'a> Segment<'a> {
    fn new(data: &'a [u8], start: usize, window: u8) -> Self {
        let mut finder = Finder::new(data, window);
        (0..start).for_each(|at| finder.insert(at));
        let mut matches = Vec::with_capacity((data.len() - start) * 4);
        let mut index = Vec::with_capacity(data.len() - start + 1);
        // Up to here there is a match that is good enough.
        let mut covered = start;
        for at in start..data.len() {
            index.push(matches.len() as u32);
            if at < covered {
                finder.insert(at);
            } else {
                let length = finder.find(at, frame_end(start, at, data.len()) - at, &mut matches);
                if length >= NICE {
                    covered = at + length;
                }
            }
        }
        index.push(matches.len() as u32);
        Self { data, start, reach: (1 << window) - 3, matches, index }
    }

    fn frames(&self, range: std::ops::Range<usize>) -> impl Iterator<Item = std::ops::Range<usize>> {
        let end = range.end;
        range.step_by(FRAME).map(move |begin| begin..end.min(begin + FRAME))
    }

    fn matches_at(&self, at: usize) -> &[Token] {
        let at = at - self.start;
        &self.matches[self.index[at] as usize..self.index[at + 1] as usize]
    }

    /// The cheapest way to write a frame. No match leaves it ([MS-PATCH] §2.3).
    fn cheapest(&self, frame: std::ops::Range<usize>, costs: &Costs, recent: &mut Recent) -> Vec<Token> {
        let size = frame.len();
        let mut path = vec![Step { cost: u32::MAX, token: Token::literal(0), recent: *recent }; size + 1];
        path[0].cost = 0;
        let mut here = 0;
        while here < size {
            let at = frame.start + here;
            if here > 0 {
                // All that could lead here has been tried: now its offsets are known.
                let token = path[here].token;
                let mut last = path[here - token.length()].recent;
                if let Some(offset) = token.offset() {
                    last.format(offset);
                }
                path[here].recent = last;
            }
            here += self.try_all(&mut path[here..], at, size - here, costs);
        }
        let mut tokens = Vec::with_capacity(size / 3);
        let mut end = size;
        while end > 0 {
            tokens.push(path[end].token);
            end -= path[end].token.length();
        }
        tokens.reverse();
        for token in &tokens {
            if let Some(offset) = token.offset() {
                recent.format(offset);
            }
        }
        tokens
    }

    /// Tries every token at one position; `path` begins with it. Returns how far to go on.
    fn try_all(&self, path: &mut [Step], at: usize, left: usize, costs: &Costs) -> usize {
        let Step { cost, recent, .. } = path[0];
        let byte = self.data[at];
        path[1].improve(cost + costs.literal[usize::from(byte)], Token::literal(byte));
        let limit = left.min(MAX_MATCH);
        let mut longest = 0;
        for (place, offset) in recent.0.into_iter().enumerate() {
            let Some(earlier) = at.checked_sub(offset as usize) else { continue };
            if offset as usize > self.reach {
                continue;
            }
            let length = common(self.data, earlier, at, limit);
            let price = costs.of_offset(place as u32);
            for (length, step) in (MIN_MATCH..=length).zip(&mut path[MIN_MATCH..]) {
                step.improve(cost + price(length), Token::a_match(length, offset));
            }
            longest = longest.max(length);
        }
        let mut shorter = MIN_MATCH;
        for found in self.matches_at(at) {
            let (length, Some(offset)) = (found.length(), found.offset()) else { continue };
            let price = costs.of_offset(offset + 2);
            for (length, step) in (shorter..=length).zip(&mut path[shorter..]) {
                step.improve(cost + price(length), Token::a_match(length, offset));
            }
            shorter = length + 1;
            longest = longest.max(length);
        }
        if longest >= NICE { longest } else { 1 }
    }
}

/// The cheapest way to a position.
#[derive(Clone, Copy)]
struct Step {
    cost: u32,
    /// The last token on the way.
    token: Token,
    /// The last offsets after it.
    recent: Recent,
}

impl Step {
    fn improve(&mut self, cost: u32, token: Token) {
        if cost < self.cost {
            (self.cost, self.token) = (cost, token);
        }
    }
}

/// The end of the frame that a position is in.
fn frame_end(start: usize, at: usize, end: usize) -> usize {
    end.min(at + FRAME - (at - start) % FRAME)
}

/// Joins frames to blocks as long as one set of trees for both is cheaper than two. Returns what the elements of each
/// block are, and how many frames it has.
fn split(frames: &[Vec<Token>]) -> Vec<(Statistics, usize)> {
    let mut recent = Recent::new();
    let mut blocks: Vec<(Statistics, usize)> = frames
        .iter()
        .map(|tokens| {
            let mut statistics = Statistics::new();
            statistics.count(tokens, &mut recent);
            (statistics, 1)
        })
        .collect();
    loop {
        let joined = blocks.windows(2).enumerate().filter_map(|(at, pair)| {
            let mut both = pair[0].0.clone();
            both.add(&pair[1].0);
            let apart = pair[0].0.estimate() + pair[1].0.estimate() + HEADER;
            apart.checked_sub(both.estimate()).filter(|saved| *saved > 0).map(|saved| (saved, at, both))
        });
        // Of equal ones the first.
        let best = joined.reduce(|best, next| if next.0 > best.0 { next } else { best });
        let Some((_, at, both)) = best else { return blocks };
        let count = blocks[at].1 + blocks[at + 1].1;
        blocks[at] = (both, count);
        blocks.remove(at + 1);
    }
}
