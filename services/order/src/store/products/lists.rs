//! Lists of products, each page by an index of its own order.

use db::Tx;
use sqlx::{query, query_as};

use crate::domain::listing::{Listed, Place, Sort, Wanted};
use crate::domain::product::Product;

/// Selects products from behind a place on. `p` is the product, `s` its stock.
macro_rules! products {
    ($from:tt, $($argument:expr),*) => {
        query_as!(
            Product,
            "select p.id, sku, name, description, category, price, active, version, created_at, updated_at, \
                s.free as available \
            from products p join stock s on s.product_id = p.id " + $from,
            $($argument),*
        )
    };
}

/// Lists `rows` products of those `wanted`, from behind `after` on.
///
/// # Errors
/// When the statement failed.
pub async fn list(
    tx: &mut Tx,
    wanted: &Wanted,
    after: Option<&Place>,
    rows: i64,
) -> Result<Vec<Listed>, db::Error> {
    match (&wanted.words, wanted.sort) {
        (Some(words), _) => searched(tx, words, wanted, after, rows).await,
        (None, Sort::Newest | Sort::Relevance) => newest(tx, wanted, after, rows).await,
        (None, Sort::Name) => by_name(tx, wanted, after, rows).await,
        (None, Sort::Cheapest) => cheapest(tx, wanted, after, rows).await,
        (None, Sort::Dearest) => dearest(tx, wanted, after, rows).await,
    }
}

type Page = Result<Vec<Listed>, db::Error>;

async fn newest(tx: &mut Tx, wanted: &Wanted, after: Option<&Place>, rows: i64) -> Page {
    let found = products!(
        "where ($1::text is null or category = $1) and (active or $2)
            and p.id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
        order by p.id desc
        limit $4",
        wanted.category.as_deref(),
        wanted.retired,
        after.map(|place| place.id),
        rows
    );
    Ok(placed(found.fetch_all(&mut *tx).await?))
}

async fn by_name(tx: &mut Tx, wanted: &Wanted, after: Option<&Place>, rows: i64) -> Page {
    let found = products!(
        "where ($1::text is null or category = $1) and (active or $2)
            and (lower(name), p.id) > (lower(coalesce($3, '')), coalesce($4, '00000000-0000-0000-0000-000000000000'::uuid))
        order by lower(name), p.id
        limit $5",
        wanted.category.as_deref(),
        wanted.retired,
        after.map(|place| place.name.as_str()),
        after.map(|place| place.id),
        rows
    );
    Ok(placed(found.fetch_all(&mut *tx).await?))
}

async fn cheapest(tx: &mut Tx, wanted: &Wanted, after: Option<&Place>, rows: i64) -> Page {
    let found = products!(
        "where ($1::text is null or category = $1) and (active or $2)
            and (price, p.id) > (coalesce($3, -1::bigint), coalesce($4, '00000000-0000-0000-0000-000000000000'::uuid))
        order by price, p.id
        limit $5",
        wanted.category.as_deref(),
        wanted.retired,
        after.map(|place| place.number),
        after.map(|place| place.id),
        rows
    );
    Ok(placed(found.fetch_all(&mut *tx).await?))
}

async fn dearest(tx: &mut Tx, wanted: &Wanted, after: Option<&Place>, rows: i64) -> Page {
    let found = products!(
        "where ($1::text is null or category = $1) and (active or $2)
            and (price, p.id) < (coalesce($3, 9223372036854775807), coalesce($4, '00000000-0000-0000-0000-000000000000'::uuid))
        order by price desc, p.id desc
        limit $5",
        wanted.category.as_deref(),
        wanted.retired,
        after.map(|place| place.number),
        after.map(|place| place.id),
        rows
    );
    Ok(placed(found.fetch_all(&mut *tx).await?))
}

fn placed(products: Vec<Product>) -> Vec<Listed> {
    let place = |product: Product| Listed {
        place: Place {
            number: product.price,
            name: product.name.clone(),
            id: product.id,
        },
        product,
    };
    products.into_iter().map(place).collect()
}

/// Finds by words, through the index of words; what is found is then sorted, in whatever order.
async fn searched(
    tx: &mut Tx,
    words: &str,
    wanted: &Wanted,
    after: Option<&Place>,
    rows: i64,
) -> Page {
    let found = query!(
        r#"select p.id, sku, p.name, description, category, price, active, version, created_at, updated_at,
            s.free as available, place.number as "number!", place.name as "sorted_name!"
        from products p
        join stock s on s.product_id = p.id
        cross join lateral (
            select
                case $2
                    when 'relevance' then -(ts_rank(search, websearch_to_tsquery('english', $1)) * 1e6)::bigint
                    when 'newest' then -(extract(epoch from created_at) * 1e6)::bigint
                    when 'cheapest' then price
                    when 'dearest' then -price
                    else 0
                end as number,
                case $2 when 'name' then lower(p.name) else '' end as name
        ) place
        where search @@ websearch_to_tsquery('english', $1)
            and ($3::text is null or category = $3) and (active or $4)
            and (place.number, place.name, p.id)
                > (coalesce($5, -9223372036854775808), coalesce($6, ''), coalesce($7, '00000000-0000-0000-0000-000000000000'::uuid))
        order by place.number, place.name, p.id
        limit $8"#,
        words,
        named(wanted.sort),
        wanted.category.as_deref(),
        wanted.retired,
        after.map(|place| place.number),
        after.map(|place| place.name.as_str()),
        after.map(|place| place.id),
        rows
    );
    let found = found.map(|row| Listed {
        place: Place {
            number: row.number,
            name: row.sorted_name,
            id: row.id,
        },
        product: Product {
            id: row.id,
            sku: row.sku,
            name: row.name,
            description: row.description,
            category: row.category,
            price: row.price,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            available: row.available,
        },
    });
    Ok(found.fetch_all(&mut *tx).await?)
}

/// How the query above calls a sort.
fn named(sort: Sort) -> &'static str {
    match sort {
        Sort::Relevance => "relevance",
        Sort::Newest => "newest",
        Sort::Name => "name",
        Sort::Cheapest => "cheapest",
        Sort::Dearest => "dearest",
    }
}
