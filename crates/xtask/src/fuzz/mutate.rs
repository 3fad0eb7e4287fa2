//! Inputs damaged by chance, the same for the same number.

/// What parsers of text stumble over.
const WORDS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "\\",
    ":",
    ",",
    "(",
    ")",
    "-",
    "+",
    ".",
    "/",
    "~",
    "%",
    "@",
    "\n",
    "\r\n",
    "\0",
    "\u{7f}",
    "é",
    "\u{202e}",
    "\u{ffff}",
    "😀",
    "İ",
    "\\u0000",
    "\\ud800",
    "\\ud83d\\ude00",
    "\\\\",
    "null",
    "true",
    "0",
    "-0",
    "1e400",
    "1E21",
    "9007199254740993",
    "0.1",
    "{}",
    "[]",
    "\"\"",
    "\"objects\":[",
    "\"type\":",
    "\"id\":",
    "--",
    "2026-02-29T24:00:60.9999999Z",
    "0000-00-00",
    "AND",
    " OR ",
    " FOLLOWEDBY ",
    " NOT ",
    " IN (",
    "START t'",
    " REPEATS 0 TIMES",
    " WITHIN 1 SECONDS",
    "[a:b = 1]",
    "h'",
    "b'",
    "[*]",
    "hxxp://",
    "[.]",
    "::",
    "xn--",
    "1.2.3.4",
    "/33",
    "255",
    "256",
];

/// A small generator of numbers (splitmix64).
pub struct Chance(u64);

impl Chance {
    pub fn new(number: u64) -> Chance {
        Chance(number.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the bound, which is taken to be at least 1.
    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or_default()
    }

    /// One of the seeds, changed in a few places.
    pub fn changed(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = seeds.get(self.below(seeds.len())).cloned().unwrap_or_default();
        for _ in 0..=self.below(6) {
            self.change(&mut input, seeds);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let place = self.place(input);
        let part = input.get(place.clone()).unwrap_or_default().to_vec();
        let put = match self.below(9) {
            // Gone, twice, or again and again.
            0 => Vec::new(),
            1 => part.repeat(2),
            2 => part.repeat(1 + self.below(200)),
            // Other bytes.
            3 => part.iter().map(|byte| byte ^ (1 << self.below(8))).collect(),
            4 => part.iter().map(|_| self.next().to_le_bytes()[0]).collect(),
            // A part of some seed, instead or before.
            5 => self.part_of(seeds),
            6 => [self.part_of(seeds), part].concat(),
            // A word, instead or before.
            7 => self.word(),
            _ => [self.word(), part].concat(),
        };
        input.splice(place, put);
        input.truncate(16 << 10);
    }

    /// A part of the input: mostly a few bytes, sometimes any length.
    fn place(&mut self, input: &[u8]) -> std::ops::Range<usize> {
        let start = self.below(input.len() + 1);
        let left = input.len() - start;
        let length = if self.below(4) == 0 { self.below(left + 1) } else { self.below(6).min(left) };
        start..start + length
    }

    fn part_of(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let seed = seeds.get(self.below(seeds.len())).cloned().unwrap_or_default();
        let place = self.place(&seed);
        seed.get(place).unwrap_or_default().to_vec()
    }

    fn word(&mut self) -> Vec<u8> {
        WORDS.get(self.below(WORDS.len())).copied().unwrap_or_default().as_bytes().to_vec()
    }
}
