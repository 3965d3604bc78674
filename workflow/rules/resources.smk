# Threads, memory and time of the rules, from measurements (benchmarks/README.md), and the fetching of what others made.
CACHE = PLAN.cache

# Families of rules; in brackets the largest memory of the demo's jobs, MB.
LIGHT = asks_for(mem_mb=500, runtime=10)  # small files and pictures (130)
ARRAYS = asks_for(mem_mb=2000, runtime=30)  # whole trials as arrays (107)
# videos through networks (454 on the CPU; not measured on a GPU)
NETWORKS = asks_for(mem_mb=3000, runtime=240)
VIDEOS = asks_for(mem_mb=1500, runtime=240)  # frames decoded, drawn and encoded
OPENSIM = asks_for(mem_mb=1000, runtime=120)  # OpenSim models (139)
CONVERSION = asks_for(mem_mb=1000, runtime=10)  # networks into ONNX (474)


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
