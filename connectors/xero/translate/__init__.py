"""Entities to Xero's elements, one module a family of kinds. Pure: the same document gives the same element, to the
last byte.
"""
