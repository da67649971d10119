"""A small model, the application with it, and a server."""

import pytest

pytest.importorskip("fastapi", reason="FastAPI is not installed (the extra serve)")
pytest.importorskip("uvicorn", reason="uvicorn is not installed (the extra serve)")

from serving import Server, client_of

from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig

# They hold no doctests; and two modules that are called conftest can't be looked at in one run.
collect_ignore = ["conftest.py", "serving.py"]


@pytest.fixture(scope="session")
def lm():
    return LanguageModel.create(ModelConfig(embedding_dimension=3, units=4))


@pytest.fixture(scope="session")
def model_folder(lm, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "small"
    lm.save(folder)
    return str(folder)


@pytest.fixture(scope="module")
def client(lm):
    with client_of(lm) as client:
        yield client


@pytest.fixture(scope="session")
def server(model_folder):
    server = Server("--model", model_folder)
    yield server
    assert server.stop() == 0
    assert "Traceback" not in "".join(server.said)
