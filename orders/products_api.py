"""REST: products."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from drf_spectacular.utils import extend_schema

from merchants.ids import parse_public_id, public_id
from merchants.rest.errors import InvalidParameter, NotFound
from merchants.rest.pages import Page, newest_first
from merchants.rest.parameters import PAGING, query
from merchants.rest.views import ApiView
from orders import products
from orders.examples import PRODUCT
from orders.models import Product, ProductStatus
from orders.schemas import ProductIn, ProductOut, VariantOut
from orders.text import plain

# What `filtered_products` reads: for the list and for its export.
PRODUCT_FILTERS = (
    query("external_id", "What your shop calls it."),
    query("status", "Is it sold?", values=ProductStatus.values),
    query("sku", "With a variant of this stock-keeping unit."),
)


class Products(ApiView):
    """What the merchant sells."""

    scopes = {"GET": "products:read", "POST": "products:write"}

    @extend_schema(
        operation_id="products_list",
        parameters=[*PRODUCT_FILTERS, *PAGING],
        responses={200: Page[ProductOut]},
    )
    def get(self, request: HttpRequest) -> HttpResponse:
        """List products with their variants, newest first."""
        return self.show(newest_first(filtered_products(request), request.GET, show_product))

    @extend_schema(
        operation_id="products_put",
        request=ProductIn,
        responses={200: ProductOut, 201: ProductOut},
        examples=[PRODUCT],
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Store a product, or update the one with the same `external_id`. 201 when it is new, else 200."""
        return self.once("POST /products", self._put)

    def _put(self) -> HttpResponse:
        product, created = products.put_product(self.merchant, self.body(ProductIn))
        return self.show(show_product(product), 201 if created else 200)


class OneProduct(ApiView):
    """One product."""

    scopes = {"GET": "products:read"}

    @extend_schema(operation_id="products_read", responses={200: ProductOut})
    def get(self, request: HttpRequest, product_id: str) -> HttpResponse:
        """Read a product and its variants by its id."""
        parsed = parse_public_id("prd", product_id)
        product = Product.objects.defer("raw").filter(pk=parsed).first() if parsed else None
        if product is None:
            raise NotFound("There is no such product.", param="product_id")
        return self.show(show_product(product))


def filtered_products(request: HttpRequest) -> QuerySet[Product]:
    """The products that the request's parameters leave, with their variants. Raises InvalidParameter."""
    rows = Product.objects.defer("raw").prefetch_related("variants")
    asked = request.GET
    if external_id := asked.get("external_id"):
        rows = rows.filter(external_id=external_id)
    if status := asked.get("status"):
        if status not in ProductStatus.values:
            raise InvalidParameter(f"status is one of {', '.join(ProductStatus.values)}.", param="status")
        rows = rows.filter(status=status)
    if sku := asked.get("sku"):
        rows = rows.filter(variants__sku=sku).distinct()
    return rows


def show_product(product: Product) -> ProductOut:
    """A product as the API shows it."""
    return ProductOut(
        id=public_id("prd", product.id),
        external_id=product.external_id,
        title=product.title,
        handle=product.handle,
        url=product.url,
        image_url=product.image_url,
        product_type=product.product_type,
        tags=product.tags,
        status=product.status,
        source=product.source,
        variants=[
            VariantOut(
                id=public_id("var", variant.id),
                external_id=variant.external_id,
                sku=variant.sku,
                title=variant.title,
                price=plain(variant.price),
                currency=variant.currency,
                inventory_quantity=variant.inventory_quantity,
                image_url=variant.image_url,
            )
            for variant in product.variants.all()
        ],
        created_at=product.created_at,
        updated_at=product.updated_at,
    )
