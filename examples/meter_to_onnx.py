"""Export METER-xxs, a small metric depth network for indoor pictures, to ONNX: depth on any CPU (recipe "laptop").

    python examples/meter_to_onnx.py build_model_best_nyu_xxs models/meter.onnx

The weights are the file models/build_model_best_nyu_xxs of https://github.com/lorenzopapa5/METER at 0f9a49a (MIT,
2.97 MB, trained on NYU Depth v2). Needs torch and `pip install onnx`. Beside models/meter.onnx comes
models/meter.json, which says how images are prepared, what comes out and how wrong it is: what `spatialvlm build
photos/ --model depth=onnx:models/meter.onnx` wants.

The network is that of L. Papa, P. Russo and I. Amerini, METER: A Mobile Vision Transformer Architecture for Monocular
Depth Estimation, IEEE Transactions on Circuits and Systems for Video Technology, 2023: an encoder of inverted residuals
and MobileViT blocks (Mehta and Rastegari, ICLR 2022), a decoder that doubles the size three times. Its modules have the
names of the published weights.
"""

import argparse
import json
import pickle
import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from spatialvlm.errors import UserError

HEIGHT, WIDTH = 192, 256  # of its input; the depth has a quarter of them
HEADS, HEAD_WIDTH, PATCH = 4, 8, 2
CENTIMETRE = 0.01
ERRORS = {
    "scale": 0.25,
    "local": 0.18,
    "reach": 0.2,
    "source": "3 frames of rooms and desks with sensor depth, of SUN RGB-D, ARKit and TUM RGB-D: 0.92, 1.08 and 1.32 "
    "of the depth there; table-tops near by come out three times as far",
}
"""Measured, not published: of so few frames they are rough. `spatialvlm calibrate` measures them on yours."""


class Separable(nn.Module):
    """A 3x3 convolution and one of 1x1, as METER has them: the first one is not by channel, in spite of its name."""

    def __init__(self, inward: int, outward: int, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inward, outward, 3, stride, 1, bias=False)
        self.pointwise = nn.Conv2d(outward, outward, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """(n, inward, h, w) to (n, outward, h / stride, w / stride)."""
        return self.pointwise(self.depthwise(x))


def _normed(convolution: nn.Module, channels: int) -> nn.Sequential:
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU())


def _pointwise(inward: int, outward: int) -> nn.Sequential:
    return _normed(nn.Conv2d(inward, outward, 1, bias=False), outward)


class InvertedResidual(nn.Module):
    """MobileNetV2's block, twice as wide inside; what keeps its shape is added to it."""

    def __init__(self, inward: int, outward: int, stride: int = 1) -> None:
        super().__init__()
        inside = 2 * inward
        by_channel = nn.Conv2d(inside, inside, 3, stride, 1, groups=inside, bias=False)
        self.conv = nn.Sequential(
            *_pointwise(inward, inside),
            *_normed(by_channel, inside),
            nn.Conv2d(inside, outward, 1, bias=False),
            nn.BatchNorm2d(outward),
        )
        self.adds = stride == 1 and inward == outward

    def forward(self, x: Tensor) -> Tensor:
        """(n, inward, h, w) to (n, outward, h / stride, w / stride)."""
        return x + self.conv(x) if self.adds else self.conv(x)


class Attention(nn.Module):
    """Self-attention among the pixels that have one place in their patches."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.to_qkv = nn.Linear(width, 3 * HEADS * HEAD_WIDTH, bias=False)
        self.to_out = nn.Sequential(nn.Linear(HEADS * HEAD_WIDTH, width))

    def forward(self, x: Tensor) -> Tensor:
        """(n, places, patches, width) to the same."""
        n, places, patches, _ = x.shape
        query, key, value = (
            part.reshape(n, places, patches, HEADS, HEAD_WIDTH).transpose(2, 3)
            for part in self.to_qkv(x).chunk(3, dim=-1)
        )
        weights = (query @ key.transpose(-1, -2) * HEAD_WIDTH**-0.5).softmax(dim=-1)
        return self.to_out((weights @ value).transpose(2, 3).reshape(n, places, patches, HEADS * HEAD_WIDTH))


class FeedForward(nn.Module):
    """Two linear layers. The places of the dropouts between them are kept, for the names of the weights."""

    def __init__(self, width: int, inside: int) -> None:
        super().__init__()
        self.net = nn.Sequential(nn.Linear(width, inside), nn.ReLU(), nn.Identity(), nn.Linear(inside, width))

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) to the same."""
        return self.net(x)


class Residual(nn.Module):
    """A layer on normalised input, added to the input."""

    def __init__(self, width: int, layer: nn.Module) -> None:
        super().__init__()
        self.norm, self.fn = nn.LayerNorm(width), layer

    def forward(self, x: Tensor) -> Tensor:
        """(..., width) to the same."""
        return x + self.fn(self.norm(x))


class Transformer(nn.Module):
    """One layer of attention and one to feed forward."""

    def __init__(self, width: int, inside: int) -> None:
        super().__init__()
        layer = nn.Sequential(Residual(width, Attention(width)), Residual(width, FeedForward(width, inside)))
        self.layers = nn.Sequential(layer)

    def forward(self, x: Tensor) -> Tensor:
        """(n, places, patches, width) to the same."""
        return self.layers(x)


class MobileVit(nn.Module):
    """Convolutions about a transformer that sees the whole picture, in patches of 2x2 pixels."""

    def __init__(self, channels: int, width: int, inside: int) -> None:
        super().__init__()
        self.conv1, self.conv2 = _normed(Separable(channels, channels), channels), _pointwise(channels, width)
        self.transformer = Transformer(width, inside)
        self.conv3 = _pointwise(width, channels)
        self.conv4 = _normed(Separable(2 * channels, channels), channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to the same."""
        seen = self.conv2(self.conv1(x))
        n, width, h, w = seen.shape
        rows, columns = h // PATCH, w // PATCH
        patches = seen.reshape(n, width, rows, PATCH, columns, PATCH).permute(0, 3, 5, 2, 4, 1)
        made = self.transformer(patches.reshape(n, PATCH * PATCH, rows * columns, width))
        made = made.reshape(n, PATCH, PATCH, rows, columns, width).permute(0, 5, 3, 1, 4, 2)
        return self.conv4(torch.cat([self.conv3(made.reshape(n, width, h, w)), x], dim=1))


class Encoder(nn.Module):
    """From an image to features of a 32nd of its size, and those of the sizes between."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _normed(Separable(3, 16, stride=2), 16)
        shapes = ((16, 16, 1), (16, 24, 2), (24, 24, 1), (24, 24, 1), (24, 48, 2), (48, 64, 2), (64, 80, 2))
        self.mv2 = nn.ModuleList(InvertedResidual(*shape) for shape in shapes)
        self.mvit = nn.ModuleList([MobileVit(48, 64, 128), MobileVit(64, 80, 320), MobileVit(80, 96, 384)])
        self.conv2 = _pointwise(80, 160)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(n, 3, h, w) to (n, 160, h / 32, w / 32) and the features of a 16th, an 8th and a quarter of h and w."""
        quarter = self.mv2[1](self.mv2[0](self.conv1(x)))
        eighth = self.mv2[4](self.mv2[3](self.mv2[2](quarter)))
        sixteenth = self.mv2[5](self.mvit[0](eighth))
        last = self.mvit[2](self.mv2[6](self.mvit[1](sixteenth)))
        return self.conv2(last), [sixteenth, eighth, quarter]


class Doubled(nn.Module):
    """Features of twice the size, joined with the encoder's."""

    def __init__(self, inward: int, outward: int, joined: int) -> None:
        super().__init__()
        self.conv2d_transpose = nn.ConvTranspose2d(inward, outward, 3, 2, 1, output_padding=1, bias=False)
        self.end_up_layer = nn.Sequential(Separable(joined, outward), nn.ReLU())

    def forward(self, x: Tensor, encoded: Tensor) -> Tensor:
        """(n, inward, h, w) and (n, joined - outward, 2 h, 2 w) to (n, outward, 2 h, 2 w)."""
        return self.end_up_layer(torch.cat([self.conv2d_transpose(x), encoded], dim=1))


class Decoder(nn.Module):
    """From features to depth."""

    def __init__(self) -> None:
        super().__init__()
        self.conv2d_in = nn.Conv2d(160, 64, 1, bias=False)
        self.ups_block_1, self.ups_block_2 = Doubled(64, 32, 96), Doubled(32, 16, 64)
        self.ups_block_3 = Doubled(16, 8, 32)
        self.conv2d_out = nn.Conv2d(8, 1, 3, padding=1, bias=False)

    def forward(self, x: Tensor, encoded: list[Tensor]) -> Tensor:
        """What the encoder gives to (n, 1, h / 4, w / 4) in centimetres."""
        x = self.conv2d_in(x)
        for block, features in zip((self.ups_block_1, self.ups_block_2, self.ups_block_3), encoded):
            x = block(x, features)
        return self.conv2d_out(x)


class Meter(nn.Module):
    """METER-xxs: (n, 3, 192, 256) RGB in 0..255 to depth in metres (n, 48, 64), 713,000 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()

    def forward(self, x: Tensor) -> Tensor:
        """Depth along the optical axis."""
        return CENTIMETRE * self.decoder(*self.encoder(x)).squeeze(1)


def meter(weights: Path) -> Meter:
    """Build the network with the published weights. Raises UserError where the file is missing or holds others."""
    network = Meter().eval()
    try:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, pickle.UnpicklingError) as error:
        raise UserError(
            f"{weights}: not the weights of METER-xxs ({error}); expected build_model_best_nyu_xxs"
        ) from error
    return network


def export(weights: Path, path: Path) -> None:
    """Write the ONNX file and its description. Raises UserError for other weights."""
    network = meter(weights)
    path.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the newer exporter needs one more package
        torch.onnx.export(
            network, (torch.zeros(1, 3, HEIGHT, WIDTH),), path, input_names=["pixels"], output_names=["depth"],
            dynamic_axes={"pixels": {0: "n"}, "depth": {0: "n"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
    about = {
        "size": [HEIGHT, WIDTH],
        "mean": [0.0, 0.0, 0.0],
        "std": [1 / 255, 1 / 255, 1 / 255],
        "output": "depth_m",
        "indoor": True,
        "licence": "MIT",
        "errors": ERRORS,
    }
    path.with_suffix(".json").write_text(json.dumps(about, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("weights", type=Path, help="the published file of weights")
    parser.add_argument("path", type=Path, help="the .onnx file to write")
    export(**vars(parser.parse_args()))
