# How the joint angles depend on the choices that the configuration asks to try (sweep). Not part of `all`.
from kineograph.planning.sweep import SweepPlan

SWEEP = SweepPlan(PLAN)


rule sweep:
    input:
        SWEEP.inputs,
    output:
        SWEEP.outputs(),
    log:
        LAYOUT.log("sweep", ()),
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        code=PLAN.code("sweep"),
        content=SWEEP.content,
        sessions=SWEEP.sessions,
        shown=SWEEP.shown,
        results=lambda wildcards: LAYOUT.root,
    shell:
        "python -m kineograph.cli sweep --results {params.results:q} --sessions {params.sessions:q} --shown {params.shown:q}"
        " --out {output:q} 2> {log:q}"
