"""The same small room as each calibration format has it, so that every reader can be held against one truth."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

# The room, in metres, z up. Camera a stands at (0, -5, 1) and looks along +y, camera b at (5, 0, 1) and looks along -x; both have
# a focal length of 1000 px and their middle at (960, 540), in pictures of 1920 x 1080. The point (1, 0, 1.5) is then at
# (1, -0.5, 5) from camera a and at (0, -0.5, 4) from camera b (right, down, forward), and seen at the middle
# + 1000 * (right, down) / forward.
POINT_M = np.array([1.0, 0.0, 1.5])
SEEN_PX = {"a": (1160.0, 440.0), "b": (960.0, 415.0)}
POSITION_M = {"a": (0.0, -5.0, 1.0), "b": (5.0, 0.0, 1.0)}
ROTATION = {"a": [[1, 0, 0], [0, 0, -1], [0, 1, 0]], "b": [[0, 1, 0], [0, 0, -1], [-1, 0, 0]]}
TRANSLATION_M = {"a": (0, 1, 5), "b": (0, 1, 5)}
RODRIGUES = {"a": (np.pi / 2, 0, 0), "b": tuple(2 * np.pi / 3 / np.sqrt(3) * np.array([1, 1, -1]))}
QUATERNION = {"a": (0.5**0.5, 0, 0, 0.5**0.5), "b": (0.5, 0.5, -0.5, 0.5)}
INTRINSICS = [[1000, 0, 960], [0, 1000, 540], [0, 0, 1]]


def words(values: object) -> str:
    return " ".join(repr(float(value)) for value in np.ravel(values))


def qualisys_room(folder: Path) -> Path:
    """As Qualisys Track Manager writes it (Pose2Sim's demo has one): 64 times the intrinsics, mm, camera to world by columns."""
    rows = []
    for name in "ab":
        r = (np.diag([1, -1, -1]) @ np.array(ROTATION[name])).astype(float)
        turn = " ".join(f'r{i + 1}{j + 1}="{r[i, j]}"' for i in range(3) for j in range(3))
        place = " ".join(f'{axis}="{1000 * value}"' for axis, value in zip("xyz", POSITION_M[name], strict=True))
        rows.append(
            f'<camera serial="{name}" model="Miqus Video"><fov_video left="0" top="0" right="1919" bottom="1079"/>'
            f"<transform {place} {turn}/>"
            '<intrinsic focalLengthU="64000" focalLengthV="64000" centerPointU="61440" centerPointV="34560"'
            ' radialDistortion1="0" radialDistortion2="0" tangentalDistortion1="0" tangentalDistortion2="0"/></camera>'
        )
    (folder / "Calib.qca.txt").write_text(
        f"<?xml version='1.0'?><calibration><cameras>{''.join(rows)}</cameras></calibration>"
    )
    return folder / "Calib.qca.txt"


def vicon_camera(name: str, kind: str = 'TYPE="Vue_VIDEO" DISPLAY_TYPE="Vue"', radial: str = "0 0 0") -> str:
    """A camera of an .xcp file, with the attributes of Nexus 2.12 (a file of it: opencap-core, sandbox/testCalibration.xcp)."""
    return (
        f'<Camera DEVICEID="{name}" {kind} PIXEL_ASPECT_RATIO="1" SENSOR_SIZE="1920 1080"><ControlFrames/><KeyFrames>'
        f'<KeyFrame FOCAL_LENGTH="1000" FRAME="0" ORIENTATION="{words(QUATERNION[name])}"'
        f' POSITION="{words(1000 * np.array(POSITION_M[name]))}" PRINCIPAL_POINT="960 540"'
        f' VICON_RADIAL2="Vicon3Parameter 960 540 {radial}" WORLD_ERROR="0.3"/></KeyFrames></Camera>'
    )


def vicon_file(path: Path, *cameras: str) -> Path:
    path.write_text(
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Cameras SOURCE="Nexus" VERSION="2.0">{"".join(cameras)}</Cameras>'
    )
    return path


def vicon_room(folder: Path) -> Path:
    infrared = vicon_camera("a", 'TYPE="Vantage5V" DISPLAY_TYPE="Vantage 5"').replace('"a"', '"2109510"')
    off = '<Camera DEVICEID="c" TYPE="Vue_VIDEO" SENSOR_SIZE="1920 1080"><KeyFrames/></Camera>'
    return vicon_file(folder / "trial.xcp", infrared, vicon_camera("b"), off, vicon_camera("a"))


def opencap_values(name: str) -> dict[str, object]:
    """What OpenCap keeps of a camera: arrays of these shapes, mm; its world is that of an upright board, (-x, -z, -y)."""
    from_board = np.array([[-1, 0, 0], [0, 0, -1], [0, -1, 0]])
    return {
        "distortion": np.zeros((1, 5)),
        "intrinsicMat": np.array(INTRINSICS, float),
        "imageSize": np.array([[1080.0], [1920.0]]),
        "rotation": np.array(ROTATION[name], float) @ from_board,
        "translation": 1000 * np.array(TRANSLATION_M[name], float)[:, None],
        "rotation_EulerAngles": np.zeros((3, 1)),
    }


def opencap_room(folder: Path) -> Path:
    for name in "ab":
        (folder / name).mkdir()
        (folder / name / "cameraIntrinsicsExtrinsics.pickle").write_bytes(pickle.dumps(opencap_values(name)))
    (folder / "mappingCamDevice.pickle").write_bytes(pickle.dumps({"a": 0, "b": 1}))
    return folder


def yaml_matrix(key: str, values: object, rows: int) -> str:
    numbers = np.ravel(values)
    return (
        f"{key}: !!opencv-matrix\n   rows: {rows}\n   cols: {len(numbers) // rows}\n   dt: d\n"
        f"   data: [ {', '.join(repr(float(value)) for value in numbers)} ]\n"
    )


def easymocap_room(folder: Path, size: bool = True) -> Path:
    """As EasyMocap's write_camera does; without `size` as its data/examples/calibration, which has no H_ and W_."""
    head = '%YAML:1.0\n---\nnames:\n  - "a"\n  - "b"\n'
    intrinsics, extrinsics = head, head
    for name in "ab":
        intrinsics += yaml_matrix(f"K_{name}", INTRINSICS, 3) + yaml_matrix(f"dist_{name}", np.zeros(5), 1)
        intrinsics += f"H_{name}: 1080\nW_{name}: 1920\n" if size else ""
        extrinsics += yaml_matrix(f"R_{name}", RODRIGUES[name], 3) + yaml_matrix(f"T_{name}", TRANSLATION_M[name], 3)
    (folder / "intri.yml").write_text(intrinsics)
    (folder / "extri.yml").write_text(extrinsics)
    return folder / "intri.yml"


def biocv_room(folder: Path) -> Path:
    """As the dataset's note.txt says: size, K, world to camera in mm, k0 to k4."""
    for name in "ab":
        place = np.column_stack([ROTATION[name], 1000 * np.array(TRANSLATION_M[name])])
        lines = ["1920", "1080", *map(words, INTRINSICS), "", *map(words, place), "0 0 0 1", "", "0 0 0 0 0", ""]
        (folder / f"{name}.mp4.calib").write_text("\n".join(lines))
    return folder


def opencv_room(folder: Path) -> Path:
    """The keys of OpenCV's calibration.cpp, in both of its notations, with R and T."""
    start = '%YAML:1.0\n---\ncalibration_time: "Tue May  8 20:48:38 2018"\nimage_width: 1920\nimage_height: 1080\nflags: 0\n'
    text = start + yaml_matrix("camera_matrix", INTRINSICS, 3) + yaml_matrix("distortion_coefficients", np.zeros(5), 1)
    text += (
        "avg_reprojection_error: 3.2e-01\n"
        + yaml_matrix("R", ROTATION["a"], 3)
        + yaml_matrix("T", TRANSLATION_M["a"], 3)
    )
    (folder / "a.yml").write_text(text)

    def xml_matrix(key: str, values: object, rows: int) -> str:
        count = np.size(values) // rows
        shape = f"<rows>{rows}</rows><cols>{count}</cols><dt>d</dt>"
        return f'<{key} type_id="opencv-matrix">{shape}<data>{words(values)}</data></{key}>'

    (folder / "second.xml").write_text(
        '<?xml version="1.0"?>\n<opencv_storage><calibration_time>"Tue"</calibration_time><camera_name>b</camera_name>'
        "<Image_Width>1920</Image_Width><Image_Height>1080</Image_Height>"
        + xml_matrix("Camera_Matrix", INTRINSICS, 3)
        + xml_matrix("Distortion_Coefficients", np.zeros(5), 5)
        + xml_matrix("rvec", RODRIGUES["b"], 3)
        + xml_matrix("tvec", TRANSLATION_M["b"], 3)
        + "</opencv_storage>"
    )
    return folder


def toml_camera(table: str, name: str, metres: float = 1.0, more: str = "") -> str:
    return (
        f"[{table}]\nsize = [ 1920, 1080,]\n"
        "matrix = [ [ 1000.0, 0.0, 960.0,], [ 0.0, 1000.0, 540.0,], [ 0.0, 0.0, 1.0,],]\n"
        "distortions = [ 0.0, 0.0, 0.0, 0.0, 0.0,]\n"
        f"rotation = {[float(value) for value in RODRIGUES[name]]}\n"
        f"translation = {[value / metres for value in TRANSLATION_M[name]]}\n{more}\n"
    )


def toml_room(folder: Path) -> Path:
    """As Pose2Sim 0.10 writes it."""
    cameras = "".join(toml_camera(name, name, more=f'name = "{name}"\nfisheye = false') for name in "ab")
    (folder / "Calib.toml").write_text(f"{cameras}[metadata]\nadjusted = false\nerror = 0.0\n")
    return folder / "Calib.toml"


ROOMS = {
    "biocv": biocv_room,
    "easymocap": easymocap_room,
    "opencap": opencap_room,
    "opencv": opencv_room,
    "qualisys": qualisys_room,
    "toml": toml_room,
    "vicon": vicon_room,
}
