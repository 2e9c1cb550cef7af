"""What the demo shop sells. The pictures are drawn by `tools/draw_products.py`."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Product:
    """One product. `variants` are (English, German)."""

    sku: str
    picture: str
    english: str
    german: str
    price: Decimal
    variants: tuple[tuple[str, str], ...]

    @property
    def type(self) -> str:
        """What the shop calls its type: by what its SKU begins with."""
        return _TYPES[self.sku[:2]]

    @property
    def image_url(self) -> str:
        return f"/static/demo/products/{self.picture}.png"

    def sku_of(self, variant: int) -> str:
        """The SKU of one of its variants; of a product without sizes, its own."""
        size = self.variants[variant][0].replace("–", "-")
        return f"{self.sku}-{size}" if len(self.variants) > 1 else self.sku

    def title(self, german: bool) -> str:
        return self.german if german else self.english


# Those that are worn have a size that may not fit.
WORN = ("Boots", "Knitwear", "Raincoats", "Socks")
_TYPES = {
    "FJ": "Knitwear", "PO": "Hats", "DS": "Socks", "HA": "Kitchen", "TK": "Kitchen", "BO": "Kitchen", "BP": "Bags",
    "WB": "Boots", "DE": "Home", "LA": "Home", "KE": "Home", "RM": "Raincoats",
}  # fmt: skip
_SIZES = (("S", "S"), ("M", "M"), ("L", "L"), ("XL", "XL"))
_SHOES = tuple((size, size) for size in ("38", "40", "42", "44"))
_PAIRS = (("36–38", "36–38"), ("39–42", "39–42"), ("43–46", "43–46"))
_ONE = (("", ""),)


def _product(
    sku: str,
    picture: str,
    english: str,
    german: str,
    price: str,
    variants: tuple[tuple[str, str], ...] = _ONE,
) -> Product:
    return Product(sku, picture, english, german, Decimal(price), variants)


PRODUCTS = (
    _product(
        "FJ-SW-P", "sweater-1", "Fjord Wool Sweater, Petrol", "Fjord Wollpullover, Petrol", "89.00", _SIZES
    ),
    _product("FJ-SW-R", "sweater-2", "Fjord Wool Sweater, Rust", "Fjord Wollpullover, Rost", "89.00", _SIZES),
    _product("PO-BE-O", "beanie-1", "Pole Star Beanie, Ochre", "Mütze Polarstern, Ocker", "29.50"),
    _product("PO-BE-S", "beanie-2", "Pole Star Beanie, Slate", "Mütze Polarstern, Schiefer", "29.50"),
    _product("DS-GR", "socks-1", "Dyke Socks, 2 pairs, Moss", "Deichsocken, 2 Paar, Moos", "19.90", _PAIRS),
    _product("DS-BE", "socks-2", "Dyke Socks, 2 pairs, Berry", "Deichsocken, 2 Paar, Beere", "19.90", _PAIRS),
    _product("HA-MU-B", "mug-1", "Harbour Mug, Blue", "Hafenbecher, Blau", "16.00"),
    _product("HA-MU-S", "mug-2", "Harbour Mug, Sand", "Hafenbecher, Sand", "16.00"),
    _product("TK-RE", "kettle-1", "Storm Kettle 1.8 l, Red", "Sturmkessel 1,8 l, Rot", "74.00"),
    _product("TK-GR", "kettle-2", "Storm Kettle 1.8 l, Graphite", "Sturmkessel 1,8 l, Graphit", "74.00"),
    _product("BO-GR", "bottle-1", "Tide Bottle 0.75 l, Pine", "Gezeiten-Flasche 0,75 l, Kiefer", "34.00"),
    _product("BO-SU", "bottle-2", "Tide Bottle 0.75 l, Amber", "Gezeiten-Flasche 0,75 l, Bernstein", "34.00"),
    _product("BP-BR", "backpack-1", "Coast Backpack 22 l, Bark", "Küstenrucksack 22 l, Rinde", "119.00"),
    _product(
        "BP-BL", "backpack-2", "Coast Backpack 22 l, North Sea", "Küstenrucksack 22 l, Nordsee", "119.00"
    ),
    _product("WB-BR", "boots-1", "Mudflat Boots, Cognac", "Wattstiefel, Cognac", "159.00", _SHOES),
    _product("WB-AN", "boots-2", "Mudflat Boots, Anthracite", "Wattstiefel, Anthrazit", "159.00", _SHOES),
    _product("DE-BL", "blanket-1", "Driftwood Blanket, Fog", "Decke Treibholz, Nebel", "64.90"),
    _product("DE-RO", "blanket-2", "Driftwood Blanket, Brick", "Decke Treibholz, Ziegel", "64.90"),
    _product("LA-GE", "lamp-1", "Beacon Lamp, Straw", "Leuchte Leuchtfeuer, Stroh", "98.00"),
    _product("LA-GR", "lamp-2", "Beacon Lamp, Sage", "Leuchte Leuchtfeuer, Salbei", "98.00"),
    _product("KE-RO", "candle-1", "Heather Candle", "Kerze Heideblüte", "24.00"),
    _product("KE-GR", "candle-2", "Dune Grass Candle", "Kerze Dünengras", "24.00"),
    _product(
        "RM-GE", "raincoat-1", "Skipper Raincoat, Yellow", "Friesennerz Skipper, Gelb", "139.00", _SIZES
    ),
    _product(
        "RM-PE", "raincoat-2", "Skipper Raincoat, Lagoon", "Friesennerz Skipper, Lagune", "139.00", _SIZES
    ),
)
