# The cameras, once a session or trial: any calibration format, pictures of a board and of known points, or the people that the
# trials show, to the canonical TOML file; the check that a trial's videos fit it; whether what the cameras saw of people fits it, and its refinement by that.
CALIBRATION_CAMERA = ("session", "calibration", "camera")


rule detect_board:
    input:
        lambda wildcards: [ancient(path) for path in PICTURES.pictures_input(wildcards)],
    output:
        views=LAYOUT.pattern("board_views"),
        report=LAYOUT.pattern("board_report"),
    log:
        LAYOUT.log("detect_board", ("session", "calibration", "purpose", "camera")),
    benchmark:
        LAYOUT.benchmark(
            "detect_board", ("session", "calibration", "purpose", "camera")
        )
    conda:
        "../../envs/core.yaml"
    resources:
        **PHOTOS,
    params:
        settings=PICTURES.detection_settings,
        code=PLAN.code("detect_board"),
        content=PICTURES.pictures_content,
        source=PICTURES.source,
    shell:
        "python -m kineograph.cli detect-board --source {params.source:q} --purpose {wildcards.purpose} --camera {wildcards.camera:q}"
        " --settings {params.settings:q} --code {params.code} --out {output.views:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


rule calibrate_intrinsics:
    input:
        views=LAYOUT.pattern("board_views").replace("{purpose}", "intrinsics"),
        report=LAYOUT.pattern("board_report").replace("{purpose}", "intrinsics"),
    output:
        lens=LAYOUT.pattern("lens"),
        report=LAYOUT.pattern("lens_report"),
    log:
        LAYOUT.log("calibrate_intrinsics", CALIBRATION_CAMERA),
    benchmark:
        LAYOUT.benchmark("calibrate_intrinsics", CALIBRATION_CAMERA)
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    params:
        settings=PICTURES.lens_settings,
        code=PLAN.code("calibrate_intrinsics"),
    shell:
        "python -m kineograph.cli calibrate-intrinsics --views {input.views:q} --views-report {input.report:q}"
        " --settings {params.settings:q} --code {params.code} --out {output.lens:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


rule calibrate:
    input:
        given=lambda wildcards: [ancient(path) for path in PICTURES.given(wildcards)],
        computed=PICTURES.computed,
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
        mem_mb=PICTURES.resource("mem_mb", LIGHT, ARRAYS),
        runtime=PICTURES.resource("runtime", LIGHT, ARRAYS),
    params:
        settings=PICTURES.settings,
        code=PICTURES.code,
        content=PICTURES.content,
        source=PICTURES.source,
        verb=PICTURES.verb,
        pictures=lambda wildcards, input: PICTURES.arguments(wildcards),
    shell:
        "python -m kineograph.cli {params.verb} --source {params.source:q} {params.pictures} --settings {params.settings:q} --code {params.code}"
        " --out {output.calibration:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


rule draw_calibration:
    input:
        pictures=lambda wildcards: [
            ancient(path)
            for path in [
                *PICTURES.pictures_input(wildcards, "extrinsics"),
                *PICTURES.point_files(wildcards),
            ]
        ],
        views=lambda wildcards: list(PICTURES.drawn_views(wildcards).values()),
        calibration=PLAN.source("calibration"),
        report=PLAN.source("calibration_report"),
    output:
        report(
            LAYOUT.pattern("calibration_picture"),
            caption="../report/calibration.rst",
            category="{session}",
            subcategory="calibration",
        ),
    log:
        LAYOUT.log("draw_calibration", CALIBRATION_CAMERA),
    conda:
        "../../envs/core.yaml"
    resources:
        **LIGHT,
    params:
        settings=PICTURES.drawing_settings,
        code=PLAN.code("draw_calibration"),
        content=PICTURES.drawing_content,
        source=PICTURES.source,
        views=lambda wildcards, input: PICTURES.drawing_arguments(wildcards),
    shell:
        "python -m kineograph.cli draw-calibration --source {params.source:q} --camera {wildcards.camera:q} --calibration {input.calibration:q}"
        " --report {input.report:q} {params.views} --settings {params.settings:q} --code {params.code} --out {output:q} 2> {log:q}"


rule inspect:
    input:
        ancient(PLAN.recordings),
        calibration=PLAN.file("calibration"),
        report=PLAN.file("calibration_report"),
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
        code=PLAN.inspection_code,
        content=PLAN.recordings_content,
        trial=PLAN.inspected,
    shell:
        "python -m kineograph.cli inspect --trial {params.trial:q} --calibration {input.calibration:q}"
        " --calibration-report {input.report:q} --settings {params.settings:q} --code {params.code} --out {output:q} --errors-as-verdicts 2> {log:q}"


# Of all trials that have the calibration; only where the configuration asks for it.
rule refine_calibration:
    input:
        REFINEMENT.of_its_trials("inputs", "keypoints", "synchronization", "tracks"),
        calibration=PLAN.source("calibration"),
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
        elsewhere=REFINEMENT.elsewhere,
        results=lambda wildcards: LAYOUT.root,
    shell:
        "python -m kineograph.cli refine-calibration --results {params.results:q} --session {wildcards.session:q}"
        " --trials {params.trials:q} --elsewhere {params.elsewhere:q} --calibration {input.calibration:q}"
        " --settings {params.settings:q} --code {params.code} --out {output.calibration:q} --report {output.report:q} --errors-as-verdicts 2> {log:q}"


# Nothing waits for it but the dataset's page, to which trials' pages link: a new trial must not rerun the other trials' pages.
rule calibration_health:
    input:
        REFINEMENT.of_its_trials(
            "inputs", "keypoints", "synchronization", "tracks", "association_report"
        ),
        calibration=PLAN.source("calibration"),
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
        heights=REFINEMENT.heights,
        elsewhere=REFINEMENT.elsewhere,
        results=lambda wildcards: LAYOUT.root,
    shell:
        "python -m kineograph.cli calibration-health --results {params.results:q} --session {wildcards.session:q}"
        " --trials {params.trials:q} --elsewhere {params.elsewhere:q} --heights {params.heights:q} --calibration {input.calibration:q}"
        " --code {params.code} --report {output:q} --errors-as-verdicts 2> {log:q}"


rule calibration:
    input:
        PLAN.each_trial("calibration", "inputs"),
        PICTURES.drawings(),
