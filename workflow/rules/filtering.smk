# Points filtered over time, and the markers that other programs read.


rule smooth:
    input:
        PLAN.source("points3d"),
    output:
        points=LAYOUT.pattern("filtered"),
        report=LAYOUT.pattern("filtering_report"),
    log:
        LAYOUT.log("smooth", SESSION_TRIAL),
    benchmark:
        LAYOUT.benchmark("smooth", SESSION_TRIAL)
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        settings=PLAN.settings("filtering"),
        code=PLAN.code("smooth", "filtering"),
    shell:
        "python -m kineograph.cli smooth --points {input:q} --settings {params.settings:q} --code {params.code}"
        " --out {output.points:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


rule export_trc:
    input:
        AUGMENTATION.points,
    output:
        LAYOUT.pattern("trc"),
    log:
        LAYOUT.log("export_trc", (*SESSION_TRIAL, "participant")),
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    params:
        code=PLAN.code("export_trc"),
        content=PLAN.skeleton_content,
    shell:
        "python -m kineograph.cli export-trc --points {input:q} --participant {wildcards.participant:q} --out {output:q} 2> {log:q}"
