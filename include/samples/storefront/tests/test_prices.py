"""Run by the sample's build."""

import unittest
from decimal import Decimal

from storefront.prices import total


class TotalTest(unittest.TestCase):
    """What a basket costs."""

    def test_a_basket_costs_the_sum_of_its_items(self) -> None:
        self.assertEqual(total({"apple": 5, "bread": 1}), Decimal("5.20"))

    def test_an_empty_basket_costs_nothing(self) -> None:
        self.assertEqual(total({}), Decimal(0))

    def test_an_unknown_item_is_refused(self) -> None:
        with self.assertRaises(KeyError):
            total({"unicorn": 1})


if __name__ == "__main__":
    unittest.main()
