"""Turn the networks of the papers, and one of ours, into PyTorch modules, drawn as Keras draws them.

The layers are the parts of `abclm/models/layered`. A recurrent layer's own dropout, which cuDNN does not have, is left
out.
"""

from functools import partial

import torch
from torch import nn
from torch.nn import functional

from abclm.tokenizers.names import REST, pitches_of


class Layer(nn.Module):
    """One `Part` of a layered network in PyTorch, on `(batch, time, features)` or `(batch, features)`."""

    def __init__(self, part, features: int, time: int) -> None:
        super().__init__()
        kind, options = part.kind, part.options
        self.kind, self.options = kind, options
        self.activation = options.get("activation")
        self.features, self.time = features, time
        if kind in ("LSTM", "GRU", "SimpleRNN"):
            units, ways = options["units"], 1 + part.is_bidirectional
            cell = {"LSTM": nn.LSTM, "GRU": nn.GRU, "SimpleRNN": nn.RNN}[kind]
            self.layer = cell(features, units, batch_first=True, bidirectional=ways == 2)
            self.features, self.units = ways * units, units
            self.time = time if options["return_sequences"] else 0
            for name, weight in self.layer.named_parameters():
                if name.startswith("weight_ih"):
                    nn.init.xavier_uniform_(weight)
                elif name.startswith("weight_hh"):
                    nn.init.orthogonal_(weight)
                else:
                    nn.init.zeros_(weight)
                    if kind == "LSTM" and name.startswith("bias_ih"):
                        weight.data[units : 2 * units] = 1  # of the forget gate
                    # Keras' GRU has two biases, as PyTorch's; its other layers have one.
                    weight.requires_grad_(kind == "GRU" or name.startswith("bias_ih"))
        elif kind == "Dense":
            self.layer = nn.Linear(features, options["units"])
            self.features = options["units"]
        elif kind in ("Conv1D", "SeparableConv1D"):
            filters, width = options["filters"], options["kernel_size"]
            self.layer = nn.Conv1d(features, filters, width, padding="same")
            if kind == "SeparableConv1D":
                deep = nn.Conv1d(features, features, width, padding="same", groups=features, bias=False)
                self.layer = nn.Sequential(deep, nn.Conv1d(features, filters, 1))
            self.features = filters
        elif kind == "BatchNormalization":
            self.layer = nn.BatchNorm1d(features, eps=1e-3, momentum=0.01)
        elif kind == "Dropout":
            self.layer = nn.Dropout(options["rate"])
        elif kind == "Flatten":
            self.features, self.time = features * time, 0
        elif kind == "SelfAttention":
            self.query, self.key = nn.Linear(features, 32, bias=False), nn.Linear(features, 32)
            self.layer = nn.Linear(32, 1)
        elif kind != "ReLU":
            raise ValueError(f"no layer {kind} in PyTorch here; add it")
        for layer in self.modules():
            if isinstance(layer, nn.Linear | nn.Conv1d):
                nn.init.xavier_uniform_(layer.weight)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, values):
        """What the layer gives."""
        if self.kind in ("LSTM", "GRU", "SimpleRNN"):
            found, _ = self.layer(values)
            if self.time:
                return found
            # The last state of each way: of that which reads backwards, the one at the first place.
            return torch.cat([found[:, -1, : self.units], found[:, 0, self.units :]], 1)
        if self.kind == "Flatten":
            return values.flatten(1)
        if self.kind == "ReLU":
            return functional.relu(values)
        if self.kind == "SelfAttention":
            scores = self.layer(torch.tanh(self.query(values)[:, :, None] + self.key(values)[:, None]))[
                ..., 0
            ]
            scores = functional.relu(scores) if self.activation == "relu" else scores.softmax(-1)
            return scores.softmax(-1) @ values
        across = self.kind in ("Conv1D", "SeparableConv1D") or (
            self.kind == "BatchNormalization" and values.ndim == 3
        )
        found = self.layer(values.transpose(1, 2)).transpose(1, 2) if across else self.layer(values)
        return functional.relu(found) if self.activation == "relu" else found


class WindowNetwork(nn.Module):
    """A layered network: ids `(batch, window)` in, logits `(batch, tokens)` of the next out."""

    def __init__(self, config, tokens: int) -> None:
        super().__init__()
        self.config, self.tokens = config, tokens
        features, time = (tokens if config.inputs == "one-hot" else 1), config.window
        layers = []
        for part in config.layers():
            layers.append(Layer(part, features, time))
            features, time = layers[-1].features, layers[-1].time
        self.layers = nn.Sequential(*layers)
        self.output = nn.Linear(features, config.tokens_ahead * tokens)
        nn.init.xavier_uniform_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, ids):
        """Logits of the next token."""
        if self.config.inputs == "one-hot":
            values = functional.one_hot(ids, self.tokens).float()
        else:
            values = (ids.float() / self.tokens)[..., None]
        return self.output(self.layers(values))[:, : self.tokens]


def pitch_features(names) -> torch.Tensor:
    """Say what each name of a note, a chord or a rest consists of: `(names, 24)`.

    Twelve pitch classes, ten octaves of a note, a third of the pitch classes of a chord, whether it is none of both.
    """
    features = torch.zeros(len(names), 24)
    for row, name in zip(features, names, strict=True):
        if name in ("", REST):
            row[23] = 1
            continue
        pitches = pitches_of(name)
        row[[pitch % 12 for pitch in pitches]] = 1
        if name[0].isdigit():
            row[22] = (name.count(".") + 1) / 3
        else:
            row[12 + min(9, pitches[0] // 12 - 1)] = 1
    return features


class OurNetwork(nn.Module):
    """Embedding, LSTM, dense, with dropout between them: ids `(batch, time)` in, logits `(batch, time, tokens)` out.

    Args:
        tokens: how many there are.
        embedding, units: sizes.
        after: dropout of what the LSTM gives.
        names: those of the tokens, for networks with `pitches`.
        pitches: whether tokens of the same pitch classes and octaves share weights: to what is learned of each token, a
            linear function of its `pitch_features` is added, where it is read and where it is predicted.
        tokens_dropped: the share of tokens that are read as nothing (Gal and Ghahramani 2016, section 4.2, by place).
        weights_dropped: the share of the LSTM's recurrent weights that are left out in a step (Merity, Keskar and
            Socher 2018, section 2).
    """

    def __init__(
        self, tokens: int, names=(), *, embedding: int = 128, units: int = 256, after: float = 0.4,
        pitches: bool = False, tokens_dropped: float = 0.0, weights_dropped: float = 0.0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.tokens_dropped, self.weights_dropped = tokens_dropped, weights_dropped
        self.embedding = nn.Embedding(tokens, embedding)
        nn.init.uniform_(self.embedding.weight, -0.05, 0.05)
        self.lstm = nn.LSTM(embedding, units, batch_first=True)
        self.output = nn.Linear(units, tokens)
        self.before, self.after = nn.Dropout1d(0.2), nn.Dropout(after)
        nn.init.orthogonal_(self.lstm.weight_hh_l0)
        if pitches:
            self.register_buffer("features", pitch_features(names), persistent=False)
            self.read = nn.Linear(24, embedding, bias=False)
            self.predict = nn.Linear(units, 24, bias=False)
        self.pitches = bool(pitches)

    def forward(self, ids):
        """Logits of what follows each token."""
        values = self.embedding(ids)
        if self.pitches:
            values = values + self.read(self.features[ids])
        if self.training and self.tokens_dropped:
            kept = torch.rand(ids.shape, device=ids.device) >= self.tokens_dropped
            values = values * kept[..., None] / (1 - self.tokens_dropped)
        # Whole features of a sequence are dropped, the same at each token.
        values = self.before(values.transpose(1, 2)).transpose(1, 2)
        given = self.after(self.recur(values))
        logits = self.output(given)
        return logits + self.predict(given) @ self.features.T if self.pitches else logits

    def recur(self, values):
        """What the LSTM gives."""
        if not (self.training and self.weights_dropped):
            return self.lstm(values)[0]
        weights = dict(self.lstm.named_parameters())
        weights["weight_hh_l0"] = functional.dropout(weights["weight_hh_l0"], self.weights_dropped)
        return torch.func.functional_call(self.lstm, weights, (values,))[0]


class KerasRMSprop(torch.optim.Optimizer):
    """RMSprop with Keras' defaults: a tenth of each square is new, and epsilon is added to the mean square, not its root.

    PyTorch's takes a hundredth, and adds 1e-8 to the root. So Keras changes weights less where gradients are small.
    """

    def __init__(self, parameters, lr: float) -> None:
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self, closure=None) -> None:
        """Change the weights by their gradients."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    state = self.state[weight]
                    if not state:
                        state["squares"] = torch.zeros_like(weight)
                    squares = state["squares"].mul_(0.9).addcmul_(weight.grad, weight.grad, value=0.1)
                    weight.addcdiv_(weight.grad, (squares + 1e-7).sqrt_(), value=-group["lr"])


OPTIMIZERS = {
    "adam": partial(torch.optim.Adam, eps=1e-7), "rmsprop": KerasRMSprop, "adamax": partial(torch.optim.Adamax, eps=1e-7),
}  # fmt: skip
"""As Keras has them, made of parameters and `lr`."""


def parameters_of(network: nn.Module) -> int:
    """Count parameters as Keras does: with the statistics of batch normalisation."""
    statistics = [each for name, each in network.named_buffers() if name.endswith(("mean", "var"))]
    trained = [each for each in network.parameters() if each.requires_grad]
    return sum(each.numel() for each in (*trained, *statistics))
