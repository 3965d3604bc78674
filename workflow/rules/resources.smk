# Threads, memory and time of the rules, from measurements (benchmarks/README.md), and the fetching of what others made.
CACHE = PLAN.cache

# Families of rules: memory (MB) and time (minutes) of a job, and what each frame of each camera adds (per_view). In brackets what was
# measured; twice that is asked for at least, since people add to it, too.
# Small files, pictures, a set-up (130)
LIGHT = AMOUNTS.asks_for(mem_mb=500, runtime=10)
# Pictures for a calibration (107)
PHOTOS = AMOUNTS.asks_for(mem_mb=2000, runtime=30)
# Whole trials as arrays (98 MB at 2,400 views, 206 at 12,000, 1,567 and 31 s at 288,000)
ARRAYS = AMOUNTS.asks_for(mem_mb=500, runtime=10, per_view=(0.01, 0.0002))
# Videos through networks (454 on the CPU, at any length; 0.09-0.12 s a frame there; not measured on a GPU)
NETWORKS = AMOUNTS.asks_for(mem_mb=3000, runtime=30, per_view=(0.0, 0.02))
# Frames decoded, drawn and encoded (0.03 s each)
VIDEOS = AMOUNTS.asks_for(mem_mb=1500, runtime=30, per_view=(0.0, 0.001))
# OpenSim models (174 MB at 600 frames, 272 at 3,000: a view is the less the more cameras there are; 0.06 s a frame, with muscles)
OPENSIM = AMOUNTS.asks_for(mem_mb=1000, runtime=60, per_view=(0.012, 0.001))
# Networks into ONNX (474)
CONVERSION = AMOUNTS.asks_for(mem_mb=1000, runtime=10)


localrules:
    fetch_asset,
    convert_model,


rule fetch_asset:
    output:
        CACHE / "assets" / "{asset}-{identity}" / "asset.json",
    log:
        LAYOUT.log("fetch_asset", ("asset", "identity")),
    wildcard_constraints:
        identity=r"[0-9a-f]{12}",
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    shell:
        "python -m kineograph.cli fetch {wildcards.asset:q} > {log:q} 2>&1"


rule convert_model:
    input:
        lambda wildcards: ancient(PLAN.converted_asset(wildcards)),
    output:
        CACHE / "models" / "{model}-{identity}.onnx",
    log:
        LAYOUT.log("convert_model", ("model", "identity")),
    wildcard_constraints:
        identity=r"[0-9a-f]{12}",
    conda:
        "../../envs/pose-cpu.yaml"
    resources:
        **CONVERSION,
    params:
        source=lambda wildcards, input: PLAN.converted_source(wildcards),
    shell:
        "python -m kineograph.cli convert-model --card {wildcards.model:q} --source {params.source:q} --out {output:q} 2> {log:q}"
