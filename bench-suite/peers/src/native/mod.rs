//! Idiomatic Rust by hand: the rules of shipped workloads, as one would write them who knew them when the program was built. Records
//! are read in place.

mod arrays_and_maps;
mod edge_filter;
mod header_logic;
mod large_sets;
mod one_comparison;
mod payload_search;
mod read;
mod scripts;
mod small_sets;
mod waf_pack;
mod walks;
mod wirefilter_bench;

use quintet_lang::Program;
use quintet_runtime::{Batch, RecordRef, RuleSet, WriteRuleSet};

use crate::seam::{Peer, Prepared, Task};
use read::Fields;

pub(crate) struct Native;

/// The rules of a workload, at most 64.
trait Rules {
    /// Bit `n` says whether the record matches rule `n`.
    fn hits(&self, record: RecordRef<'_>) -> u64;
}

struct Ready<'t, R> {
    records: Vec<RecordRef<'t>>,
    rules: usize,
    written: R,
}

/// Makes the hand-written form of a workload from its fields.
type Prepare = for<'t> fn(Task<'t>, &Fields<'_>) -> Result<Box<dyn Prepared + 't>, String>;

/// A workload that somebody wrote by hand, and the fingerprint of the rules that it was written for.
struct Written {
    workload: &'static str,
    fingerprint: u64,
    prepare: Prepare,
}

const WRITTEN: &[Written] = &[
    Written {
        workload: "arrays-and-maps",
        fingerprint: 0x0ecc_dec8_5b21_8c93,
        prepare: |t, f| ready(t, arrays_and_maps::ArraysAndMaps::new(f)?),
    },
    Written { workload: "waf-pack", fingerprint: 0x5e4c_088e_fb7b_8949, prepare: |t, f| ready(t, waf_pack::WafPack::new(f)?) },
    Written { workload: "edge-filter", fingerprint: 0xcb2e_f959_8ec4_e870, prepare: |t, f| ready(t, edge_filter::EdgeFilter::new(f)?) },
    Written { workload: "header-logic", fingerprint: 0x59f2_e3c4_4ee5_d347, prepare: |t, f| ready(t, header_logic::HeaderLogic::new(f)?) },
    Written {
        workload: "large-sets",
        fingerprint: 0xe2a1_3374_b6b4_cecb,
        prepare: |t, f| ready(t, large_sets::LargeSets::new(f, t.program)?),
    },
    Written {
        workload: "one-comparison",
        fingerprint: 0xcb6f_533a_33b1_0471,
        prepare: |t, f| ready(t, one_comparison::OneComparison::new(f)?),
    },
    Written {
        workload: "payload-search",
        fingerprint: 0x2384_904a_9e77_811f,
        prepare: |t, f| ready(t, payload_search::PayloadSearch::new(f)?),
    },
    Written { workload: "small-sets", fingerprint: 0x5068_2350_5bca_7970, prepare: |t, f| ready(t, small_sets::SmallSets::new(f)?) },
    Written {
        workload: "wirefilter-bench",
        fingerprint: 0x95a2_8977_5363_5739,
        prepare: |t, f| ready(t, wirefilter_bench::WirefilterBench::new(f)?),
    },
    Written { workload: "sha256", fingerprint: 0x5e52_96e6_0b52_7936, prepare: |t, f| ready(t, scripts::Sha256::new(f)?) },
    Written { workload: "entropy", fingerprint: 0xa7a5_0e23_46c5_553c, prepare: |t, f| ready(t, scripts::Entropy::new(f)?) },
    Written { workload: "checksum8", fingerprint: 0x0728_2a0e_39a3_c63e, prepare: |t, f| ready(t, scripts::Checksum8::new(f)?) },
    Written { workload: "sieve", fingerprint: 0x940d_87ca_1047_065b, prepare: |t, f| ready(t, scripts::Sieve::new(f, t.program)?) },
    Written { workload: "n-body", fingerprint: 0xe922_9c16_18bb_b178, prepare: |t, f| ready(t, scripts::NBody::new(f, t.program)?) },
    Written {
        workload: "levenshtein",
        fingerprint: 0x93f5_be7a_1ab7_b7aa,
        prepare: |t, f| ready(t, scripts::Levenshtein::new(f, t.program)?),
    },
    Written { workload: "calls", fingerprint: 0x7e26_c0ff_6423_d127, prepare: |t, f| ready(t, scripts::Calls::new(f)?) },
    Written { workload: "xor-pe", fingerprint: 0xd72a_8ad3_c241_52bb, prepare: |t, f| ready(t, walks::Walk::new(f, walks::xor_pe)?) },
    Written {
        workload: "heartbleed",
        fingerprint: 0x94e7_dc83_951b_cff1,
        prepare: |t, f| ready(t, walks::Walk::new(f, walks::heartbleed)?),
    },
    Written { workload: "winnti", fingerprint: 0x036e_3046_2735_e247, prepare: |t, f| ready(t, walks::Walk::new(f, walks::winnti)?) },
    Written { workload: "swf-tags", fingerprint: 0x8fb3_f2cc_a00a_acd1, prepare: |t, f| ready(t, walks::Walk::new(f, walks::swf_tags)?) },
    Written { workload: "rdnss", fingerprint: 0xeafd_0d5b_f558_20f0, prepare: |t, f| ready(t, walks::Walk::new(f, walks::rdnss)?) },
    Written { workload: "dns-names", fingerprint: 0xc7ff_0c57_b717_bbdd, prepare: |t, f| ready(t, walks::Walk::new(f, walks::dns_names)?) },
    Written {
        workload: "port-shape",
        fingerprint: 0x5d91_dbba_0733_6aad,
        prepare: |t, f| ready(t, walks::Walk::new(f, walks::port_shape)?),
    },
];

impl Peer for Native {
    fn id(&self) -> &'static str {
        "native"
    }

    fn is_native(&self) -> bool {
        true
    }

    fn prepare<'t>(&self, task: Task<'t>) -> Result<Box<dyn Prepared + 't>, String> {
        let written = WRITTEN.iter().find(|w| w.workload == task.workload).ok_or("nobody wrote it by hand")?;
        unchanged(task.program, written.fingerprint)?;
        let layout = task.batches.first().ok_or("there is no record")?.layout();
        (written.prepare)(task, &Fields { scheme: &task.program.scheme, layout })
    }
}

/// Whether a program is the one with this fingerprint.
///
/// # Errors
/// When it is not, so that nothing else is measured than what the row's name says.
pub(crate) fn unchanged(program: &Program, fingerprint: u64) -> Result<(), String> {
    match program.fingerprint() {
        found if found == fingerprint => Ok(()),
        found => Err(format!(
            "it was written for rules with fingerprint {fingerprint:#018x}, and these have {found:#018x}; write it anew for them"
        )),
    }
}

fn ready<'t, R: Rules + 't>(task: Task<'t>, written: R) -> Result<Box<dyn Prepared + 't>, String> {
    Ok(Box::new(Ready { records: task.batches.iter().flat_map(Batch::iter).collect(), rules: task.program.rules.len(), written }))
}

impl<R: Rules> Prepared for Ready<'_, R> {
    fn compile(&self) -> Option<Result<(), String>> {
        None
    }

    fn run(&mut self, record: usize, hits: &mut RuleSet) -> Result<(), String> {
        hits.reset(self.rules);
        let mut rest = self.written.hits(self.records[record]);
        while rest != 0 {
            hits.insert(rest.trailing_zeros() as usize);
            rest &= rest - 1;
        }
        Ok(())
    }

    fn run_all(&mut self) -> Result<u64, String> {
        Ok(self.records.iter().map(|record| u64::from(self.written.hits(*record).count_ones())).sum())
    }
}
