"""Where products and prices create each other: `default_price_data` and `product_data`."""

from sandbox.stripe import prices, products
from sandbox.stripe.account import Account
from sandbox.stripe.params import Form, Params, boolean, metadata, nested, short_text, text
from sandbox.stripe.rows import Row

CREATE_PRODUCT = Form({**products.CREATE, "default_price_data": nested(prices.DEFAULT_PRICE)})
CREATE_PRICE = Form(
    {
        **prices.CREATE,
        "product_data": nested(
            {
                "active": boolean,
                "id": text,
                "metadata": metadata,
                "name*": short_text,
                "statement_descriptor": text,
                "tax_code": text,
                "unit_label": text,
            }
        ),
    }
)


def create_product(account: Account, params: Params) -> Row:
    default = params.pop("default_price_data", None)
    product = products.create(account, params)
    if default:
        price = prices.create(account, {**default, "product": product.id})
        account.update(product, "product.updated", default_price=price.id)
    return product


def create_price(account: Account, params: Params) -> Row:
    described = params.pop("product_data", None)
    if described and not params.get("product"):
        params["product"] = products.create(account, described).id
    return prices.create(account, params)
