# Anatomical markers that networks place from the keypoints, where the configuration asks for them.


rule augment:
    input:
        lambda wildcards: ancient(AUGMENTATION.networks_input(wildcards)),
        points=PLAN.source("filtered"),
    output:
        points=LAYOUT.pattern("augmented"),
        report=LAYOUT.pattern("augmentation_report"),
    log:
        LAYOUT.log("augment", SESSION_TRIAL),
    benchmark:
        LAYOUT.benchmark("augment", SESSION_TRIAL)
    conda:
        "../../envs/pose-cpu.yaml"
    resources:
        **ARRAYS,
    params:
        settings=PLAN.settings("augmentation"),
        code=PLAN.code("augment"),
        content=AUGMENTATION.content,
        people=AUGMENTATION.people,
        networks=lambda wildcards, input: AUGMENTATION.networks_folder(wildcards),
    shell:
        "python -m kineograph.cli augment --points {input.points:q} --networks {params.networks:q} --people {params.people:q}"
        " --settings {params.settings:q} --code {params.code} --out {output.points:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"
