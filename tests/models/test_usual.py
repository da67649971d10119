"""What the page offers first: the keys and forms that training tunes have."""

import json

from abclm.language_model import LanguageModel
from abclm.models.lstm.config import ModelConfig
from abclm.models.shown.usual import known_json, rare_rhythms, usual_forms, usual_keys
from abclm.web.pages import format_home


def model(told):
    lm = LanguageModel.create(ModelConfig(embedding_dimension=3, units=4))
    lm.metadata["training"] = {"told": told}
    return lm.metadata


TOLD = {
    "keys": {"reel": {"D": 30, "G": 5}, "jig": {"G": 20, "Ador": 3, "": 2}},
    "forms": {"reel": {"8 8": 30, "4 8": 4, "16": 1}, "jig": {"8 8": 19, "8 8 8": 5}, "waltz": {"8 8": 3}},
}


def test_keys_stand_in_the_order_of_use():
    metadata = model(TOLD)
    assert usual_keys(metadata) == ("D", "G", "Ador")
    page = format_home("m", keys=usual_keys(metadata))
    places = [page.index(f'<option value="{key}">') for key in ("D", "G", "Ador", "Em")]
    assert places == sorted(places)
    assert page.count('<option value="Ador">') == 1


def test_forms_are_those_of_a_rhythm_with_equal_parts():
    assert usual_forms(model(TOLD)) == {
        "reel": [(2, 8, 0.86), (1, 16, 0.03)],
        "jig": [(2, 8, 0.79), (3, 8, 0.21)],
        "": [(2, 8, 0.84), (3, 8, 0.08)],
    }


def test_a_rhythm_with_hardly_any_tune_is_rare():
    rare = rare_rhythms(model({**TOLD, "keys": {**TOLD["keys"], "": {"C": 2000}}}))
    assert {"waltz", "polka"} <= set(rare)
    assert not {"reel", "jig"} & set(rare)


def test_a_model_without_counts_offers_what_it_always_did():
    metadata = model({"keys": {}, "forms": {}})
    assert (usual_keys(metadata), json.loads(known_json(metadata))) == ((), {"forms": {}, "rare": []})
    assert format_home("m", keys=usual_keys(metadata)) == format_home("m")
