# What all rules share: the plan of the configuration, and the names that wildcards may have. No rule is here.
import gc
import os
import sys
from pathlib import Path

REPOSITORY = Path(workflow.current_basedir).resolve().parent.parent
LIBRARY = str(REPOSITORY / "workflow" / "lib")
sys.path.insert(0, LIBRARY)

from kineograph.catalog.assets import default_cache
from kineograph.dataset.names import name_pattern
from kineograph.dataset.timestamps import timestamps_argument, timestamps_content
from kineograph.errors import KineographError, Mistakes
from kineograph.planning.amounts import Amounts
from kineograph.planning.augmentation import AugmentationPlan
from kineograph.planning.pages import PagePlan
from kineograph.planning.pictures import PicturePlan
from kineograph.planning.plan import Plan
from kineograph.planning.projects import say_project
from kineograph.planning.refinement import RefinementPlan
from kineograph.planning.signatures import not_recorded
from kineograph.provenance.code import remember_in
from kineograph.provenance.records import lost_records_message, without_record

# A graph of many thousand jobs lives until the end: looking through it for garbage again and again takes a tenth of the planning.
gc.freeze()
gc.set_threshold(200_000, 50, 1000)


# Jobs are commands: they find this library and this Python.
def put_first(variable, folder):
    rest = os.environ.get(variable)
    os.environ[variable] = f"{folder}{os.pathsep}{rest}" if rest else folder


put_first("PYTHONPATH", LIBRARY)
put_first("PATH", str(Path(sys.executable).parent))


wildcard_constraints:
    session=name_pattern("session"),
    trial=name_pattern("trial"),
    camera=name_pattern("camera"),
    participant=name_pattern("participant"),
    calibration=name_pattern("calibration"),
    purpose="intrinsics|extrinsics",
    chunk=r"\d+",


remember_in(default_cache() / "code.json")
try:
    with Mistakes() as mistakes:
        PLAN = Plan(config, REPOSITORY, mistakes=mistakes)
        AUGMENTATION = AugmentationPlan(PLAN, mistakes)
except KineographError as error:
    print(error, file=sys.stderr)
    sys.exit(2)

AMOUNTS = Amounts(PLAN)
REFINEMENT = RefinementPlan(PLAN)
LAYOUT = PLAN.layout
PAGES = PagePlan(PLAN)
PICTURES = PicturePlan(PLAN)
SESSION_TRIAL = ("session", "trial")

if workflow.is_main_process:
    say_project(PLAN.project, Path(PLAN.layout.path("import_report")))
    lost = without_record(PLAN.each_trial("points3d", "motion"), Path.cwd())
    if lost:
        print(lost_records_message(lost), file=sys.stderr)
