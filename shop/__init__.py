"""The generator of the bundled shop: run ``python -m shop.make_shop``."""
