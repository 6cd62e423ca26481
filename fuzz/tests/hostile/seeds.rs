//! Small files of every kind, right ones and nasty ones: where a fuzzer starts from.
//!
//! They are committed below `seeds`, for libFuzzer reads folders; the test here keeps them as they are made.
//! `OVERDAMPED_SEEDS=write cargo test -p overdamped-fuzz` writes them again. A folder may hold more: `crash-*` are inputs that
//! a reader once did not survive.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use faer::{Mat, mat};
use flate2::Compression;
use flate2::write::GzEncoder;
use half::f16;
use overdamped_accounting::Pair;
use overdamped_conditioning::{Encoder, Interface, Transfer};
use overdamped_energy::{
    Activation, Coupling, Edges, FastHidden, Layered, Layout, LowRank, Modular, Module, PairTerm,
    Pairs, Role, Scalar, SiteTerm, Sites, UnitLayer, Wires,
};
use overdamped_learn::{Checkpoint, Model};
use overdamped_substrate::{Settings, SimulatedSubstrate, Substrate as _};
use safetensors::tensor::{Dtype, TensorView};
use serde::Serialize;

/// A file of a reader.
pub struct Seed {
    /// The reader.
    pub reader: &'static str,
    /// Name of the file.
    pub file: &'static str,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// The folder of a reader's seeds.
pub fn folder(reader: &str) -> PathBuf {
    let package = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    package.join("seeds").join(reader)
}

/// All seeds that are made.
pub fn made() -> Vec<Seed> {
    let groups = [data(), arrays(), tensors(), states(), networks(), texts()];
    groups.into_iter().flatten().collect()
}

fn seed(reader: &'static str, file: &'static str, bytes: impl Into<Vec<u8>>) -> Seed {
    let bytes = bytes.into();
    Seed {
        reader,
        file,
        bytes,
    }
}

fn idx(fields: &[u32], body: &[u8]) -> Vec<u8> {
    let header = fields.iter().flat_map(|field| field.to_be_bytes());
    header.chain(body.iter().copied()).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn data() -> Vec<Seed> {
    let pixels: Vec<u8> = (0..784_u32).map(|pixel| (pixel / 3) as u8).collect();
    let image = idx(&[0x0803, 1, 28, 28], &pixels);
    let labels = idx(&[0x0801, 3], &[7, 0, 9]);
    let (packed_image, packed_labels) = (gzip(&image), gzip(&labels));
    vec![
        seed("gz", "image", packed_image),
        seed("gz", "members", [&packed_labels[..], &gzip(&[])].concat()),
        seed("gz", "unpacked", &labels[..]),
        seed("gz", "bomb", gzip(&vec![0; 1 << 20])),
        seed("gz", "cut", &packed_labels[..packed_labels.len() - 5]),
        seed("gz", "labels", packed_labels),
        seed("idx", "labels", labels),
        seed("idx", "image", image),
        seed(
            "idx",
            "most-images",
            idx(&[0x0803, u32::MAX, 28, 28], &[0; 9]),
        ),
        seed(
            "idx",
            "most-of-all",
            idx(&[0x0803, u32::MAX, u32::MAX, u32::MAX], &[]),
        ),
        seed("idx", "most-labels", idx(&[0x0801, u32::MAX], &[1, 2])),
    ]
}

/// A `.npy` file with this dictionary; the claimed length of the header may be another.
fn npy(version: u8, dictionary: &str, claimed: Option<u32>, values: &[u8]) -> Vec<u8> {
    let claimed = claimed.unwrap_or(dictionary.len() as u32).to_le_bytes();
    let field = if version == 1 { 2 } else { 4 };
    [
        b"\x93NUMPY",
        &[version, 0][..],
        &claimed[..field],
        dictionary.as_bytes(),
        values,
    ]
    .concat()
}

fn arrays() -> Vec<Seed> {
    let singles: Vec<u8> = (0..6).flat_map(|v| (v as f32).to_le_bytes()).collect();
    let halves: Vec<u8> = (0..24)
        .flat_map(|v| f16::from_f32(v as f32).to_le_bytes())
        .collect();
    let deep = format!("{{'descr': {}'<f4'", "(".repeat(400));
    let vast = "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}\n";
    vec![
        seed(
            "npy",
            "vectors",
            npy(
                1,
                "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n",
                None,
                &singles,
            ),
        ),
        seed(
            "npy",
            "maps",
            npy(
                2,
                "{'descr': '<f2', 'fortran_order': False, 'shape': (3, 2, 2, 2), }\n",
                None,
                &halves,
            ),
        ),
        seed(
            "npy",
            "double",
            npy(
                1,
                "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 3), }\n",
                None,
                &singles,
            ),
        ),
        seed(
            "npy",
            "not-finite",
            npy(
                1,
                "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1), }\n",
                None,
                &f32::NAN.to_le_bytes(),
            ),
        ),
        seed(
            "npy",
            "fortran",
            npy(
                1,
                "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }\n",
                None,
                &singles,
            ),
        ),
        seed("npy", "vast", npy(1, vast, None, &singles)),
        seed("npy", "long-header", npy(2, "{}", Some(u32::MAX), &[])),
        seed("npy", "deep", npy(1, &deep, None, &[])),
    ]
}

/// A `.safetensors` file of these tensors: name, type, shape and bytes.
fn safetensors(metadata: Option<&str>, tensors: &[(&str, Dtype, &[usize], Vec<u8>)]) -> Vec<u8> {
    let views = tensors.iter().map(|(name, kind, shape, bytes)| {
        (
            *name,
            TensorView::new(*kind, shape.to_vec(), bytes).unwrap(),
        )
    });
    let metadata = metadata.map(|text| HashMap::from([("overdamped".to_owned(), text.to_owned())]));
    safetensors::serialize(views, metadata).unwrap()
}

/// A header as it is written here, and values.
fn headed(header: &str, values: &[u8]) -> Vec<u8> {
    let length = (header.len() as u64).to_le_bytes();
    [&length, header.as_bytes(), values].concat()
}

fn singles(count: usize) -> Vec<u8> {
    (0..count)
        .flat_map(|v| (v as f32 - 1.5).to_le_bytes())
        .collect()
}

fn tensors() -> Vec<Seed> {
    let halves: Vec<u8> = (0..18)
        .flat_map(|v| f16::from_f32(v as f32).to_le_bytes())
        .collect();
    let doubles = 0.25_f64.to_le_bytes().to_vec();
    let pair = safetensors(
        None,
        &[
            ("encoder.a", Dtype::F32, &[2, 3], singles(6)),
            ("decoder.a", Dtype::F16, &[2, 9], halves.clone()),
        ],
    );
    let maps = safetensors(
        None,
        &[
            ("encoder.x", Dtype::F32, &[2, 1, 2, 3], singles(12)),
            ("decoder.x", Dtype::BF16, &[2, 2, 2, 3], singles(12)),
        ],
    );
    let mut endless = pair.clone();
    endless[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    let vast =
        r#"{"encoder.a":{"dtype":"F32","shape":[9223372036854775807,8],"data_offsets":[0,4]}}"#;
    let overlapping = r#"{"encoder.a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]},"decoder.a":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}"#;
    let backwards =
        r#"{"encoder.a":{"dtype":"F32","shape":[1,1],"data_offsets":[18446744073709551615,3]}}"#;
    let trained = r#"{"format_version":"1","topology":"two","units":"kT = 1"}"#;
    let network = r#"{"format_version":"1","units":"images in [-1, 1], noise in the same unit","topology":"U-Net, 16x16, channels 64/96/128, x0 prediction"}"#;
    let scale = ("scale", Dtype::F32, &[4][..], singles(4));
    vec![
        seed("activations", "pair", pair),
        seed("activations", "maps", maps),
        seed("activations", "endless", &endless[..]),
        seed("activations", "vast", headed(vast, &[0; 4])),
        seed("activations", "overlapping", headed(overlapping, &[0; 4])),
        seed("activations", "backwards", headed(backwards, &[0; 4])),
        seed(
            "model",
            "trained",
            safetensors(
                Some(trained),
                &[
                    ("bias", Dtype::F32, &[2, 2], singles(4)),
                    ("temperature", Dtype::F64, &[], doubles),
                ],
            ),
        ),
        seed(
            "model",
            "other-version",
            safetensors(Some(r#"{"format_version":"9"}"#), &[]),
        ),
        seed(
            "model",
            "half",
            safetensors(
                Some(trained),
                &[("bias", Dtype::F16, &[18], halves.clone())],
            ),
        ),
        seed("model", "endless", endless),
        seed(
            "unet",
            "both",
            safetensors(
                Some(network),
                &[
                    scale.clone(),
                    ("weight", Dtype::F16, &[2, 1, 3, 3], halves.clone()),
                ],
            ),
        ),
        seed("unet", "one", safetensors(Some(network), &[scale])),
        seed(
            "unet",
            "turned",
            safetensors(Some(network), &[("scale", Dtype::F16, &[2, 9], halves)]),
        ),
    ]
}

/// Parameters of two models of a small layout.
fn checkpoint<T: Scalar>(models: u64) -> Vec<u8> {
    let layout = Layout::new()
        .with("bias", 2, Role::Amplitude)
        .with("weight", 1, Role::Shape);
    let model = |index| Model::new([0.5, -1.0, 2.0].map(T::of).to_vec(), 9, index);
    let checkpoint = Checkpoint {
        recipe: "fuzz".to_owned(),
        layout,
        models: (0..models).map(model).collect(),
    };
    checkpoint.to_bytes("checkpoint".as_ref()).unwrap()
}

/// Bytes before the payload of a checkpoint.
const HEADER: usize = 52;

fn states() -> Vec<Seed> {
    let file = checkpoint::<f32>(1);
    let mut cut = file.clone();
    cut.truncate(file.len() - 3);
    // The number of blocks of the layout is after the recipe: eight bytes of length, four letters.
    let mut endless = file[HEADER..].to_vec();
    endless[12..20].copy_from_slice(&u64::MAX.to_le_bytes());
    let energy = Arc::new(Sites::new(2, &[SiteTerm::Stiffness]));
    let mut substrate = SimulatedSubstrate::<f32>::new(energy, Settings::default()).unwrap();
    let mut chains = |count: usize| {
        let states = Mat::from_fn(2, count, |unit, chain| unit as f32 - chain as f32);
        substrate.prepare(states.as_ref(), 1).unwrap();
        json(&substrate.snapshot())
    };
    let interface = Interface::new(
        Encoder::new(
            mat![[1.0_f32, 0.5]].as_ref(),
            mat![[1.0_f32], [-1.0]].as_ref(),
        )
        .unwrap(),
        Transfer::new(
            mat![[1.0_f32, 0.0]].as_ref(),
            mat![[2.0_f32], [0.25]].as_ref(),
        )
        .unwrap(),
    )
    .unwrap();
    let centred = interface
        .clone()
        .with_means(vec![0.5, 0.0], vec![0.0, 1.0])
        .unwrap();
    vec![
        seed("checkpoint", "payload", &file[HEADER..]),
        seed("checkpoint", "file", file),
        seed("checkpoint", "double", &checkpoint::<f64>(2)[HEADER..]),
        seed("checkpoint", "none", &checkpoint::<f64>(0)[HEADER..]),
        seed("checkpoint", "cut", cut),
        seed("checkpoint", "endless", endless),
        seed("snapshot", "one", chains(1)),
        seed("snapshot", "chunks", chains(17)),
        seed("interface", "plain", json(&interface)),
        seed("interface", "centred", json(&centred)),
        seed(
            "interface",
            "encoder",
            r#"{"in":{"shape":[1,2],"values":[1,2]},"out":{"shape":[1,1],"values":[3]}}"#,
        ),
        seed(
            "interface",
            "vast",
            r#"{"in":{"shape":[9223372036854775808,2],"values":[]},"out":{"shape":[0,0],"values":[]}}"#,
        ),
        seed(
            "coupling",
            "rank-1",
            r#"{"strength":[2.0],"left":[0.6,0.8],"right":[1.0],"mean_encoder":[0.1,0.0],"mean_decoder":[-3.5]}"#,
        ),
        seed(
            "coupling",
            "rank-0",
            r#"{"strength":[],"left":[],"right":[],"mean_encoder":[],"mean_decoder":[]}"#,
        ),
        seed(
            "coupling",
            "not-orthonormal",
            r#"{"strength":[1e308],"left":[1e308,0],"right":[1],"mean_encoder":[0,0],"mean_decoder":[0]}"#,
        ),
    ]
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap()
}

fn networks() -> Vec<Seed> {
    let layer = |units, activation| UnitLayer { units, activation };
    let layered = Layered::new(vec![
        layer(2, Activation::Identity),
        layer(3, Activation::SoftSilu { bound: 10.0 }),
    ]);
    let module = |units, quartic| Module { units, quartic };
    let wires = Wires::LowRank { rank: 1 };
    let couplings = vec![
        Coupling {
            modules: (0, 1),
            wires,
        },
        Coupling {
            modules: (0, 2),
            wires: Wires::OneToOne,
        },
    ];
    let modules = vec![module(2, false), module(3, true), module(2, false)];
    let edges = Edges::list(3, vec![(0, 1), (2, 1)]).unwrap();
    let layout = Layout::new()
        .with("bias", 2, Role::Amplitude)
        .with("weight", 1, Role::Shape);
    vec![
        seed("topology", "layered", json(&layered.unwrap())),
        seed(
            "topology",
            "modular",
            json(&Modular::new(modules, couplings).unwrap()),
        ),
        seed(
            "topology",
            "pairs",
            json(&Pairs::new(edges.clone(), &[PairTerm::Spring])),
        ),
        seed("topology", "edges", json(&edges)),
        seed("topology", "layout", json(&layout)),
        seed("topology", "sites", json(&Sites::new(2, &SiteTerm::ALL))),
        seed("topology", "low-rank", json(&LowRank::new(2, 1))),
        seed("topology", "hidden", json(&FastHidden::new(2, 3))),
        seed(
            "topology",
            "vast",
            r#"{"units":18446744073709551615,"rank":18446744073709551615,"hidden":3,"terms":["Bias","Cubic"]}"#,
        ),
        seed(
            "topology",
            "vast-layers",
            r#"{"layers":[{"units":18446744073709551615,"activation":"Identity"},{"units":2,"activation":"Identity"}]}"#,
        ),
        seed(
            "topology",
            "vast-blocks",
            r#"{"blocks":[{"name":"a","len":18446744073709551615,"role":"Shape"},{"name":"b","len":2,"role":"Shape"}]}"#,
        ),
    ]
}

/// A file of results with this list of entries.
fn results(entries: &str) -> String {
    format!(
        r#"{{"schema":1,"commit":"0123abc","host":{{"cpu":"a CPU","cores":2,"os":"linux","rustc":null}},"preset":"quick","seed":7,"results":[{entries}]}}"#
    )
}

fn texts() -> Vec<Seed> {
    let entry = |id: &str, value: &str| {
        format!(
            r#"{{"id":"{id}","value":{value},"unit":"data units","better":"lower","n":4000,"seed":18446744073709551615,"seconds":1.5,"references":[{{"name":"one Gaussian","role":"baseline","value":0.271}}]}}"#
        )
    };
    let published = Pair::PUBLISHED.inference().unwrap().to_json().unwrap();
    vec![
        seed(
            "hardware",
            "chip",
            "name = 'mine'\nabout = 'a chip'\nbased_on = 'typical'\n[adc]\nbits = { value = 6, source = 'measured' }\n[processor]\nwatt = { value = '4e2', source = 'x' }\n",
        ),
        seed(
            "hardware",
            "based",
            "name = 'm'\nabout = ''\nbased_on = 'cmos'\n",
        ),
        seed(
            "hardware",
            "words",
            "name = 'm'\nabout = 'x'\nbased_on = 'cmos'\nadc.bits = { value = '7 bit', source = 'x', assumed = true }\n",
        ),
        seed("hardware", "deep", format!("a = {}", "[".repeat(500))),
        seed("hardware", "dotted", format!("{}b = 1", "a.".repeat(300))),
        seed("constant", "bits", "adc.bits=6"),
        seed("constant", "unit", "adc.femtojoule_per_step = 0.02 pJ"),
        seed("constant", "infinite", "adc.bits=1e999"),
        seed("counts_json", "published", published),
        seed("counts_json", "deep", "[".repeat(500)),
        seed(
            "counts_json",
            "other-schema",
            r#"{"schema":18446744073709551615}"#,
        ),
        seed(
            "counts_toml",
            "sampler",
            "schema = 1\nname = 'x'\nper = 'sample'\nresults = 10\nunits = 3\n[acts]\nstates_read = 30\nrelaxation = [{ temperature = 1.0, unit_seconds = 2.5 }]\n[[digital]]\nname = 'd'\nplace = 'interface'\nwork = { macs = 4.0 }\n[baselines.same_function]\nabout = 'b'\nwork = { flop = 4 }\n",
        ),
        seed(
            "counts_toml",
            "most",
            "schema = 1\nname = 'x'\nper = 'y'\nresults = 9223372036854775807\nunits = 9223372036854775807\n[acts]\nstates_read = 9223372036854775807\n",
        ),
        seed(
            "results",
            "two",
            results(&[entry("sgm.mixture.sw1", "0.1"), entry("sgm.a", "-3e-300")].join(",")),
        ),
        seed("results", "none", results("")),
        seed(
            "results",
            "foreign-id",
            results(&entry("../../etc/passwd", "1")),
        ),
        seed("results", "infinite", results(&entry("a.b", "1e999"))),
        seed(
            "peers",
            "answer",
            r#"{"python":"3.11.2","threads":1,"results":[{"implementation":"torch","version":"2","notes":"","law":"euler_maruyama","ns_per_unit_step":{"median":7.5,"min":7.0,"max":9.0},"repetitions":5,"statistics":{"mean":0.1,"second":0.5,"fourth":0.7,"energy":0.3},"standard_errors":{"mean":0.01,"second":0.02,"fourth":0.03,"energy":0.04}}],"skipped":[{"implementation":"thermox","reason":"linear"}]}"#,
        ),
        seed("download", "range", "bytes 5-9/10\nhttps://a.example/mnist"),
        seed("download", "unknown", "bytes 0-/*\nhttp://a.example/../"),
        seed(
            "cli",
            "reproduce",
            "reproduce\nsgm.mixture\n--preset\nquick\n--out\nx",
        ),
        seed("cli", "bill", "bill\n--counts\nx.json\n--set\nadc.bits=6"),
        seed("cli", "fetch", "fetch\n--mirror\nhttps://a.example/m"),
        seed("cli", "fuzz", "fuzz\nnpy\n--executions=10"),
        seed("cli", "tests", "test\nmixture\n--\n--nocapture"),
        seed("cli", "misspelt", "reprduce\n--sed\n1"),
    ]
}
