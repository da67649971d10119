"""Turn the name of a model on the Hugging Face hub into a model folder, by huggingface_hub and its cache."""

import os
import re
from pathlib import Path
from typing import Any

from abclm.errors import ModelError
from abclm.models.folder import FILES, INDEX
from abclm.system.words import counted

PREFIX = "hf:"
MOST_BYTES = 2**30
"""Of a model's files together: what is larger is not fetched."""

_NAME = re.compile(r"hf:(?P<repository>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")
_SECONDS = 20


def fetch_model(name: str) -> Path:
    """Fetch a model folder from the hub, or take it from the cache where the hub can't be reached.

    Only the files of a model folder are fetched. They are checked when the model is loaded, as those of any folder.

    Args:
        name: `hf:user/name` or `hf:user/name@revision`, where the revision is a branch, a tag or a commit.

    Returns:
        The folder in the cache of huggingface_hub.

    Raises:
        ModelError: huggingface_hub is not installed; there is no such repository or revision; it holds no model of
            abclm, or one of over a GiB; or the hub can't be reached and the cache has no such model.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise ModelError(f"{name!r} is no model on the hub; give hf:user/name or hf:user/name@revision")
    try:
        import huggingface_hub as hub
        from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError, RevisionNotFoundError
    except ModuleNotFoundError:
        raise ModelError(
            f"{name} is fetched by huggingface_hub, which is not installed; pip install huggingface_hub"
        ) from None
    repository, revision = found["repository"], found["revision"]
    settings: dict[str, Any] = {
        "repo_id": repository,
        "allow_patterns": [*FILES, INDEX],
        "endpoint": os.environ.get("HF_ENDPOINT"),
        "cache_dir": os.environ.get("HF_HUB_CACHE"),
    }
    try:
        api = hub.HfApi(endpoint=settings["endpoint"])
        info = api.model_info(repository, revision=revision, files_metadata=True, timeout=_SECONDS)
        _check_files(name, {each.rfilename: each.size or 0 for each in info.siblings or ()})
        return Path(hub.snapshot_download(revision=revision, **settings))
    except ModelError:
        raise
    except RevisionNotFoundError:
        raise ModelError(
            f"{name}: the repository has no revision {revision!r}; leave it out for the newest"
        ) from None
    except RepositoryNotFoundError:
        raise ModelError(f"{name}: there is no such repository, or it is private; check its name") from None
    except HfHubHTTPError as error:
        raise ModelError(f"{name}: the hub refused it ({_reason(error)}); try again later") from None
    except Exception as error:  # what the HTTP library below raises is its own, and changes with its version
        return _from_cache(hub, name, {**settings, "revision": revision}, _reason(error))


def _from_cache(hub: Any, name: str, settings: dict[str, Any], reason: str) -> Path:
    try:
        folder = Path(hub.snapshot_download(local_files_only=True, **settings))
    except Exception:
        raise ModelError(
            f"{name}: the hub can't be reached ({reason}), and the cache has no such model; try again when it can"
        ) from None
    return folder


def _check_files(name: str, sizes: dict[str, int]) -> None:
    if missing := [file for file in FILES if file not in sizes]:
        raise ModelError(
            f"{name} is no model of abclm: it lacks {', '.join(missing)}; name another repository"
        )
    size = sum(sizes.get(file, 0) for file in (*FILES, INDEX))
    if size > MOST_BYTES:
        raise ModelError(
            f"{name} has {counted(size, 'byte')}, and at most {MOST_BYTES:,} are fetched; download it by hand"
        )


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
