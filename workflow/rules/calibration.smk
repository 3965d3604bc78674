# Any calibration format to the canonical TOML file, once a session or trial; and the check that a trial's videos fit it.


rule calibrate:
    input:
        lambda wildcards: [ancient(path) for path in PLAN.calibration_input(wildcards)],
    output:
        calibration=LAYOUT.pattern("calibration"),
        report=LAYOUT.pattern("calibration_report"),
    log:
        LAYOUT.log("calibrate", ("session", "calibration")),
    benchmark:
        LAYOUT.benchmark("calibrate", ("session", "calibration"))
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    params:
        settings=PLAN.settings("calibration"),
        code=PLAN.calibration_code,
        content=PLAN.calibration_content,
        source=PLAN.calibration_source,
    shell:
        "python -m kineograph.cli calibrate --source {params.source:q} --settings {params.settings:q} --code {params.code}"
        " --out {output.calibration:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


rule inspect:
    input:
        lambda wildcards: [ancient(path) for path in PLAN.recordings(wildcards)],
        calibration=PLAN.files("calibration"),
        report=PLAN.files("calibration_report"),
    output:
        LAYOUT.pattern("inputs"),
    log:
        LAYOUT.log("inspect", SESSION_TRIAL),
    benchmark:
        LAYOUT.benchmark("inspect", SESSION_TRIAL)
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    params:
        settings=PLAN.settings("inputs"),
        code=PLAN.code("inspect"),
        content=PLAN.recordings_content,
        trial=PLAN.inspected,
    shell:
        "python -m kineograph.cli inspect --trial {params.trial:q} --calibration {input.calibration:q}"
        " --calibration-report {input.report:q} --settings {params.settings:q} --code {params.code} --out {output:q} --errors-as-verdicts 2> {log:q}"


rule calibration:
    input:
        PLAN.each_trial("calibration", "inputs"),
