"""The storefront's prices: a small application for the sample pipeline to deliver."""

RELEASE = "1.4"
