"""What a basket costs."""

from decimal import Decimal

PRICES = {"apple": Decimal("0.40"), "bread": Decimal("3.20"), "coffee": Decimal("6.90")}


def total(basket: dict[str, int]) -> Decimal:
    """Return the price of a basket of items and how many of each.

    :raises KeyError: an item is not sold here.
    """
    return sum((PRICES[item] * count for item, count in basket.items()), Decimal(0))
