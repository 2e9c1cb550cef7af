"""The questions we ask Shopify's Admin API (GraphQL)."""

_MONEY = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
_LINES = f"""nodes {{
  id title variantTitle sku quantity currentQuantity requiresShipping isGiftCard image {{ url }}
  originalUnitPriceSet {_MONEY}
}} pageInfo {{ hasNextPage endCursor }}"""


def _order(lines: str, parcels: int, refunds: int, entries: int) -> str:
    return f"""
  id name createdAt processedAt updatedAt cancelledAt email phone customerLocale currencyCode presentmentCurrencyCode
  customer {{ id firstName lastName defaultEmailAddress {{ emailAddress }} defaultPhoneNumber {{ phoneNumber }} }}
  shippingAddress {{
    name firstName lastName company address1 address2 city province provinceCode zip countryCodeV2 phone
  }}
  customAttributes {{ key value }}
  totalPriceSet {_MONEY} currentTotalPriceSet {_MONEY} totalTaxSet {_MONEY} currentTotalTaxSet {_MONEY}
  totalDiscountsSet {_MONEY} currentTotalDiscountsSet {_MONEY} totalShippingPriceSet {_MONEY}
  lineItems({lines}) {{ {_LINES} }}
  fulfillments(first: {parcels}) {{
    id status displayStatus createdAt updatedAt
    trackingInfo(first: 10) {{ company number url }}
    fulfillmentLineItems(first: {entries}) {{
      nodes {{ quantity lineItem {{ id }} }} pageInfo {{ hasNextPage }}
    }}
  }}
  refunds(first: {refunds}) {{
    id createdAt note totalRefundedSet {_MONEY}
    refundLineItems(first: {entries}) {{ nodes {{ quantity lineItem {{ id }} }} pageInfo {{ hasNextPage }} }}
  }}"""


# What a page asks of each order. One that has more is asked for again, alone (`ORDER`).
FEW = 5
ORDERS = f"""
query Orders($first: Int!, $after: String) {{
  orders(first: $first, after: $after, sortKey: CREATED_AT) {{
    nodes {{ {_order("first: 10", FEW, FEW, 10)} }}
    pageInfo {{ hasNextPage endCursor }}
  }}
  ordersCount(limit: null) {{ count }}
}}"""
ORDER = f"""
query Order($id: ID!) {{
  order(id: $id) {{ {_order("first: 50", 10, 10, 25)} }}
}}"""
LINES = f"""
query Lines($id: ID!, $after: String) {{
  order(id: $id) {{ lineItems(first: 100, after: $after) {{ {_LINES} }} }}
}}"""
CUSTOMERS = """
query Customers($first: Int!, $after: String) {
  customers(first: $first, after: $after, sortKey: CREATED_AT) {
    nodes {
      id firstName lastName locale defaultEmailAddress { emailAddress } defaultPhoneNumber { phoneNumber }
    }
    pageInfo { hasNextPage endCursor }
  }
  customersCount { count }
}"""
PRODUCTS = """
query Products($first: Int!, $after: String) {
  products(first: $first, after: $after, sortKey: CREATED_AT) {
    nodes {
      id title handle onlineStoreUrl productType tags status updatedAt featuredMedia { preview { image { url } } }
      variants(first: 20) {
        nodes { id title sku price inventoryQuantity image { url } inventoryItem { tracked } }
        pageInfo { hasNextPage endCursor }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
  productsCount { count }
}"""
VARIANTS = """
query Variants($id: ID!, $after: String) {
  product(id: $id) {
    variants(first: 100, after: $after) {
      nodes { id title sku price inventoryQuantity image { url } inventoryItem { tracked } }
      pageInfo { hasNextPage endCursor }
    }
  }
}"""
