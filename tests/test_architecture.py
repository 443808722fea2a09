"""The house's floors, held against the real imports: a module imports from lower floors only.

Within a floor it may import from rooms listed above it. `cli` is a face: nothing imports it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import barestyle

PACKAGE = Path(barestyle.__file__).parent

FLOORS: tuple[tuple[str, ...], ...] = (
    ("stop_reasons", "errors", "limits"),
    ("atomic_files",),
    ("spec", "presets"),
    ("plots",),
    ("hardware", "distributed", "images", "video", "samples"),
    ("networks",),
    ("losses",),
    ("objective",),
    ("optimize",),
    ("feed_forward",),
    ("run",),
    ("style_loss",),
    ("metrics",),
    ("clips",),
    ("study",),
    ("probe",),
    ("report",),
    ("ui",),
    ("cli",),
)
ROOMS = [room for floor in FLOORS for room in floor]
NO_TORCH = (
    "stop_reasons",
    "errors",
    "limits",
    "atomic_files",
    "spec",
    "presets",
    "hardware.engines",
    "images.decode",
    "images.encode_samples",
    "images.sample_resizing",
    "feed_forward.graph_cache",
    "feed_forward.graph_painter",
    "feed_forward.painting_record",
    "run.output_files",
    "run.progress",
    "study.verdicts",
    "study.store",
    "report",
)

INSIDE = {
    "hardware": ("devices", "engines", "kernels", "memory", "threads"),
    "spec": (
        "validation",
        "weights",
        "bias",
        "pooling",
        "network",
        "guide",
        "loss",
        "optimizer",
        "scales",
        "start",
        "colors",
        "training",
        "spec",
        "overrides",
        "diff",
    ),
    "distributed": ("process_group", "row_shard", "halo_exchange", "resample", "torchrun"),
    "images": (
        "output",
        "sizes",
        "samples",
        "sample_resizing",
        "resizing",
        "picture",
        "icc",
        "high_bit_depth",
        "tiff",
        "nclx",
        "heif",
        "jpeg_xl",
        "video_files",
        "frames",
        "decode",
        "reading",
        "tiff_rows",
        "split_read",
        "color_mask",
        "label_map",
        "encode_samples",
        "write",
        "embedded_record",
        "crop",
        "split_write",
        "color_transfer",
    ),
    "networks": (
        "initialization",
        "kernel_banks",
        "vgg19",
        "known_weights",
        "remote_file",
        "download",
        "conv_stack",
        "interpolation",
        "row_padding",
        "pyramids",
        "network",
        "build",
    ),
    "losses": (
        "blurring",
        "products",
        "moments",
        "gram",
        "whitened",
        "luminance_content",
        "temporal",
        "total_variation",
        "regions",
        "missing_colors",
        "guided",
        "strong_colors",
        "axis_profile",
        "color_transport",
        "palette_map",
        "structure_guide",
        "color_bound",
    ),
    "objective": (
        "feature_content",
        "buffer_pool",
        "plane_parts",
        "tile_grid",
        "tile_policy",
        "region_masks",
        "region_guides",
        "moment_gradient",
        "tile_pass",
        "memory_estimate",
        "moment_pass",
        "style_moments",
        "style_targets",
        "objective",
        "build",
    ),
    "optimize": (
        "inner_product",
        "lbfgs_memory",
        "state_tree",
        "resumable",
        "iterate",
        "best_so_far",
        "scaled_objective",
        "line_search",
        "paper_lbfgs",
        "lbfgs",
        "adam",
        "minimizer",
        "restarts",
    ),
    "run": (
        "progress",
        "output_files",
        "request",
        "precision",
        "stages",
        "scaled_inputs",
        "memory_plan",
        "memory_planner",
        "operations",
        "speed",
        "stage_costs",
        "time_left",
        "led_minimizer",
        "record",
        "multiscale",
        "style_start",
        "inputs",
        "plan",
        "estimate",
        "rerun",
        "preprocess",
        "postprocess",
        "recorder",
        "video_recorder",
        "checkpoint",
        "split_checkpoint",
        "notebook_view",
        "result",
        "runner",
        "api",
    ),
    "study": (
        "claims",
        "declaration",
        "yaml_loader",
        "override",
        "image_files",
        "cell",
        "expansion",
        "store_folder",
        "store",
        "archive",
        "table",
        "load_table",
        "statistics",
        "regions",
        "visibility",
        "findings",
        "verdicts",
        "adaptive",
        "calibration",
        "compare",
        "resolve",
        "estimate",
        "run_cell",
        "cluster",
        "engine",
        "search_storage",
        "search",
    ),
    "probe": ("dataset", "features", "linear", "heads", "declaration", "measure", "verdicts", "report"),
    "video": ("frames", "mp4", "gif", "writer"),
    "plots": ("svg", "data_uri", "loss_curve"),
    "report": ("contact_sheet", "csv_export", "parquet_export", "plots", "claim_text", "page_data", "write"),
    "ui": (
        "errors",
        "limits",
        "looks",
        "crop",
        "uploads",
        "previews",
        "job_status",
        "status_text",
        "compute",
        "finished_images",
        "jobs",
        "notifier",
        "job_queue",
        "stored_info",
        "picture_store",
        "library",
        "result_store",
        "form_values",
        "form",
        "saved_looks",
        "estimates",
        "regions",
        "client_session",
        "trained_styles",
        "page_session",
        "sessions",
        "service",
        "page_options",
        "page_state",
        "earlier_results",
        "earlier_paintings",
        "page_service",
        "instant_painter",
        "instant_previews",
        "instant_results",
        "instant_service",
        "session_cookie",
        "gradio_errors",
        "api",
        "instant_api",
        "remote_calls",
        "region_editor",
        "page",
        "file_routes",
        "theme",
        "middleware",
        "application",
        "serve",
    ),
    "feed_forward": (
        "image_sizes",
        "painting_record",
        "onnx_session",
        "graph_painter",
        "graph_cache",
        "noise",
        "layers",
        "color_curves",
        "finishing",
        "network",
        "trained_style",
        "photographs",
        "training_loss",
        "training_optimizer",
        "initial_network",
        "training",
        "training_request",
        "training_checkpoint",
        "folding",
        "statistics",
        "tiles",
        "torch_engine",
        "onnx_nodes",
        "onnx_color_curves",
        "onnx_graph",
        "onnx_engine",
        "painter",
        "picture_graph",
        "onnx_file",
        "web_runtime",
        "web_page",
    ),
    "clips": (
        "warp",
        "flow",
        "steadiness",
        "colors",
        "frame",
        "frame_painter",
        "video_file",
        "frame_folder",
        "open",
        "sound",
        "video_writer",
        "shots",
        "work_folder",
        "search_painter",
        "trained_painter",
        "repaint",
    ),
    "metrics": (
        "metric",
        "structure",
        "boundaries",
        "sliced",
        "patches",
        "color",
        "trained_network",
        "feature_distance",
        "gram_distance",
        "portilla_simoncelli",
        "registry",
        "score",
    ),
}
"""Files of each larger room, from the bottom up."""


def modules() -> list[Path]:
    return [path for path in sorted(PACKAGE.rglob("*.py")) if path.name != "__main__.py"]


def imported(path: Path) -> set[tuple[str, ...]]:
    """Dotted names below barestyle that a file imports, those for type checking included."""
    names: set[tuple[str, ...]] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                names.add((*node.module.split("."), alias.name))
        elif isinstance(node, ast.Import):
            names.update(tuple(alias.name.split(".")) for alias in node.names)
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{path}: import by full names"
        # `import barestyle` would give every floor everything, unseen; a face may ask for the version.
        if isinstance(node, ast.Import) and path.parent.name != "cli":
            assert not any(alias.name == "barestyle" for alias in node.names), f"{path}: import by full names"
    return {name[1:] for name in names if name[0] == "barestyle" and len(name) > 1}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def test_every_module_has_a_room_and_every_room_exists() -> None:
    assert {room_of(path) for path in modules()} - {"__init__"} == set(ROOMS)
    for room, files in INSIDE.items():
        assert {path.stem for path in (PACKAGE / room).glob("*.py")} - {"__init__"} == set(files)


@pytest.mark.parametrize("path", modules(), ids=lambda path: path.relative_to(PACKAGE).as_posix())
def test_imports_go_down_only(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return  # public names, loaded lazily
    for name in imported(path):
        if name[0] not in ROOMS:
            assert name[0] == "__version__", f"{path} imports barestyle.{name[0]}, which is no room"
            continue
        if name[0] != room:
            assert ROOMS.index(name[0]) < ROOMS.index(room), f"{room} must not import {name[0]}"
        elif room in INSIDE and path.stem != "__init__" and len(name) > 1 and name[1] in INSIDE[room]:
            order = INSIDE[room]
            assert order.index(name[1]) < order.index(path.stem), f"{room}: {path.stem} must not import {name[1]}"


def test_no_metric_knows_an_objective() -> None:
    """A method is not graded by its own objective."""
    for path in (PACKAGE / "metrics").glob("*.py"):
        assert not {name[0] for name in imported(path)} & {"losses", "optimize"}


@pytest.mark.parametrize("room", NO_TORCH)
def test_the_lower_floors_know_no_torch(room: str) -> None:
    code = f"import sys, barestyle.{room}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("statement", ["import barestyle", "from barestyle.cli import main; main(['--help'])"])
def test_starting_loads_no_torch(statement: str) -> None:
    code = f"import sys; {statement}; sys.exit(str({{'torch', 'kornia', 'numpy', 'PIL'}} & set(sys.modules) or ''))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.strip() == ""


def test_a_run_does_not_load_sympy(tmp_path: Path) -> None:
    """Some functions of PyTorch import it when they are first called, which takes 0.3 seconds."""
    code = (
        "import sys, barestyle as b; from barestyle import samples; "
        "image = samples.photo('coffee'); spec = b.with_settings(b.preset('bare').spec, {'size': 32}); "
        "b.transfer(image, samples.style('swirls'), spec); sys.exit('sympy' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


def test_every_public_name_can_be_had() -> None:
    for name in barestyle.__all__:
        assert getattr(barestyle, name) is not None
    assert callable(barestyle.transfer)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        barestyle.nonsense  # noqa: B018
