"""The part of the client that is no function of the contract. `generate.py` copies these modules beside the made ones.

They import each other and nothing that is generated, so that they are linted and type-checked where they lie.
"""
