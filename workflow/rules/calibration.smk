# Any calibration format to the canonical TOML file, once a session or trial; the check that a trial's videos fit it; and
# whether what the cameras saw of people fits it, and its refinement by that.


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


# Of all trials that have the calibration; only where the configuration asks for it.
rule refine_calibration:
    input:
        REFINEMENT.of_its_trials("inputs", "keypoints", "synchronization", "tracks"),
        calibration=LAYOUT.pattern("calibration"),
    output:
        calibration=LAYOUT.pattern("refined_calibration"),
        report=LAYOUT.pattern("refinement_report"),
    log:
        LAYOUT.log("refine_calibration", ("session", "calibration")),
    benchmark:
        LAYOUT.benchmark("refine_calibration", ("session", "calibration"))
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        settings=PLAN.settings("calibration", "refinement"),
        code=PLAN.code("refine_calibration"),
        trials=REFINEMENT.trials,
        results=LAYOUT.root,
    shell:
        "python -m kineograph.cli refine-calibration --results {params.results:q} --session {wildcards.session:q}"
        " --trials {params.trials:q} --calibration {input.calibration:q}"
        " --settings {params.settings:q} --code {params.code} --out {output.calibration:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


# Nothing waits for it but the dataset's page: a new trial must not rerun the other trials' pages.
rule calibration_health:
    input:
        REFINEMENT.of_its_trials("inputs", "keypoints", "synchronization", "tracks"),
        calibration=LAYOUT.pattern("calibration"),
    output:
        LAYOUT.pattern("calibration_health"),
    log:
        LAYOUT.log("calibration_health", ("session", "calibration")),
    benchmark:
        LAYOUT.benchmark("calibration_health", ("session", "calibration"))
    conda:
        "../../envs/core.yaml"
    resources:
        **ARRAYS,
    params:
        code=PLAN.code("calibration_health"),
        trials=REFINEMENT.trials,
        results=LAYOUT.root,
    shell:
        "python -m kineograph.cli calibration-health --results {params.results:q} --session {wildcards.session:q}"
        " --trials {params.trials:q} --calibration {input.calibration:q}"
        " --code {params.code} --report {output:q} --errors-as-verdicts 2> {log:q}"


rule calibration:
    input:
        PLAN.each_trial("calibration", "inputs"),
