//! The places of the back office, as its navigation names them.

use crate::look::Frame;

/// A path and its word.
type Place = (&'static str, &'static str);

impl Frame {
    /// The places that this visitor may go to, in groups.
    pub(crate) fn places(&self) -> Vec<(&'static str, Vec<Place>)> {
        let o = self.o;
        let mut groups = vec![(
            o.shop,
            vec![
                ("/admin/orders", o.orders),
                ("/admin/sagas", o.sagas),
                ("/admin/products", o.products),
                ("/admin/users", o.users),
            ],
        )];
        if self.is_admin() {
            groups[0].1.push(("/admin/news", o.news));
            let house = vec![
                ("/admin", o.live_house),
                ("/admin/registry", o.registry),
                ("/admin/resources", o.resources),
                ("/admin/scaling", o.scaling),
                ("/admin/faults", o.faults),
                ("/admin/locks", o.locks),
                ("/admin/backups", o.backups),
                ("/admin/audit", o.audit),
            ];
            groups.insert(0, (o.house, house));
        }
        groups
    }

    /// Whether `path` is where the visitor is.
    pub(crate) fn is_place(&self, path: &str) -> bool {
        match path {
            // Everything is below this one.
            "/admin" => self.is_page("/admin") || self.is_page("/topology"),
            path => self.is_at(path),
        }
    }
}
