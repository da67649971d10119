"""Run the notebook in this folder again, and save the outputs of its cells.

python docs/run_tour.py            # or: make notebook
"""

import re
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOK = Path(__file__).with_name("tour.ipynb")
# The only metadata that the notebook keeps: nothing about the user, the machine or the time.
KEPT = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
LANGUAGE = {"name": "python"}
# Messages of TensorFlow about the machine, which it prints when it is loaded.
NOTES = re.compile(
    r"(?m)^([IWE]\d{4} [\d:.]+ .*|WARNING: All log messages before absl.*|To enable the following .*)\n?"
)


def run(folder: Path) -> nbformat.NotebookNode:
    """Run the notebook in a folder, where it writes its files.

    Raises:
        CellExecutionError: a cell raised an error.
        CellTimeoutError: a cell took longer than five minutes.
    """
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(folder)}},
        record_timing=False, coalesce_streams=True,
    )  # fmt: skip
    client.execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_note(output)]
    notebook.metadata = {**KEPT, "language_info": LANGUAGE}
    return notebook


def is_note(output: nbformat.NotebookNode) -> bool:
    """Whether an output contains only messages of TensorFlow."""
    return output.get("name") == "stderr" and not NOTES.sub("", output.text).strip()


def main() -> None:
    """Run the notebook and save it in place."""
    with tempfile.TemporaryDirectory() as folder:
        notebook = run(Path(folder))
    nbformat.write(notebook, NOTEBOOK)
    print(f"{NOTEBOOK}: {NOTEBOOK.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
