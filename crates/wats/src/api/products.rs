//! Products, their revisions and bills of materials.

use super::odata::Query;
use super::pages::Pages;
use super::record::record;
use crate::client::Call;
use crate::{Client, Failure, Uuid};
use serde_json::json;

/// Products, their revisions and bills of materials.
#[derive(Debug)]
pub struct Products<'a>(pub(super) &'a Client);

record! {
    /// A product.
    Product {
        /// Part number.
        part_number: String = "partNumber",
        /// Name.
        name: String = "name",
        /// What it is.
        description: String = "description",
        /// Whether its units have no serial numbers.
        non_serial: bool = "nonSerial",
        /// 1 when it is in use.
        state: i64 = "state",
        /// Id.
        id: Uuid = "productId",
        /// Further data, as XML.
        xml_data: String = "xmlData",
        /// Id of its category.
        category_id: Uuid = "productCategoryId",
        /// Name of its category.
        category: String = "productCategoryName" | "category",
    }
    lists {
        /// Its revisions.
        revisions: ProductRevision = "revisions",
        /// Its tags.
        tags: Tag = "tags",
    }
}

record! {
    /// A revision of a product.
    ProductRevision {
        /// The revision.
        revision: String = "revision",
        /// Name.
        name: String = "name",
        /// What is new in it.
        description: String = "description",
        /// 1 when it is in use.
        state: i64 = "state",
        /// Id.
        id: Uuid = "productRevisionId",
        /// Id of the product.
        product_id: Uuid = "productId",
        /// Further data, as XML.
        xml_data: String = "xmlData",
        /// Part number of the product.
        part_number: String = "partNumber",
    }
    lists {
        /// Its tags.
        tags: Tag = "tags",
    }
}

record! {
    /// A fact under a name of your own.
    Tag {
        /// Name.
        key: String = "key",
        /// Value.
        value: String = "value",
    }
}

record! {
    /// A group of products.
    ProductGroup {
        /// Number.
        id: i64 = "productGroupId",
        /// Name.
        name: String = "productGroupName" | "name",
    }
}

record! {
    /// Who makes parts.
    Vendor {
        /// Id.
        id: Uuid = "vendorId",
        /// Name.
        name: String = "name" | "vendorName",
    }
}

record! {
    /// What a revision of a product is made of.
    BillOfMaterials {
        /// Part number.
        part_number: String = "partNumber",
        /// Revision.
        revision: String = "revision",
        /// What it is.
        description: String = "description",
    }
    lists {
        /// The parts.
        components: Component = "components",
    }
}

record! {
    /// A part of a product.
    Component {
        /// Part number.
        number: String = "number",
        /// Revision.
        revision: String = "revision",
        /// How many.
        quantity: f64 = "quantity",
        /// What it is.
        description: String = "description",
        /// Where they are, for example `C12;C13`.
        reference: String = "reference",
        /// What they belong to.
        function_block: String = "functionBlock",
    }
}

impl<'a> Products<'a> {
    /// The products that match a query.
    pub async fn query(&self, query: &Query) -> Result<Vec<Product>, Failure> {
        self.0.list(query.apply(Call::get("/api/Product/Query"))).await
    }

    /// The same, `size` at a time; `query.top` is how many in all.
    pub fn pages(&self, query: &Query, size: u32) -> Pages<'a, Product> {
        Pages::new(self.0, Call::get("/api/Product/Query"), query, size)
    }

    /// The products that match a query, from the list that knows all of OData.
    pub async fn list(&self, query: &Query) -> Result<Vec<Product>, Failure> {
        self.0.list(query.apply(Call::get("/api/Products"))).await
    }

    /// A product. `None` when there is none of this number.
    pub async fn find(&self, part_number: &str) -> Result<Option<Product>, Failure> {
        self.0.one(product(Call::get("/api/Product"), part_number)).await
    }

    /// The revisions of a product.
    pub async fn revisions(&self, part_number: &str) -> Result<Vec<ProductRevision>, Failure> {
        self.0.list(product(Call::get("/api/Product"), part_number).then("/Revisions")).await
    }

    /// One revision of a product. `None` when there is none.
    pub async fn revision(
        &self,
        part_number: &str,
        revision: &str,
    ) -> Result<Option<ProductRevision>, Failure> {
        let call = product(Call::get("/api/Product"), part_number).segment("a revision", revision);
        self.0.one(call).await
    }

    /// Makes a product, or changes it: what is `None` stays as it is. Gives what the server has made of it.
    pub async fn store(&self, product: &Product) -> Result<Option<Product>, Failure> {
        let part_number = product.part_number.clone().unwrap_or_default();
        let call = self::product(Call::put("/api/Product"), &part_number).json(&json!(product));
        self.0.stored(call).await
    }

    /// What a revision is made of. `None` when nobody has said.
    pub async fn bill_of_materials(
        &self,
        part_number: &str,
        revision: &str,
    ) -> Result<Option<BillOfMaterials>, Failure> {
        let call = Call::get("/api/Product/BOM").query("partNumber", part_number).query("revision", revision);
        self.0.one(call).await
    }

    /// Says what a revision is made of, in place of what was said before.
    pub async fn store_bill_of_materials(&self, materials: &BillOfMaterials) -> Result<(), Failure> {
        self.0.done(Call::put("/api/Product/BOM").json(&json!(materials))).await.map(drop)
    }

    /// Who makes parts.
    pub async fn vendors(&self) -> Result<Vec<Vendor>, Failure> {
        self.0.list(Call::get("/api/Product/Vendors")).await
    }

    /// The groups of products.
    pub async fn groups(&self) -> Result<Vec<ProductGroup>, Failure> {
        self.0.list(Call::get("/api/Product/Groups")).await
    }
}

fn product(call: Call, part_number: &str) -> Call {
    call.segment("a part number", part_number)
}
