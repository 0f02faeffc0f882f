//! Names of what the API names by words: categories, statuses, reasons, fields.

use super::Table;

pub(super) const CATEGORIES: Table = &[
    ("kitchen", "Kitchen", "厨房"),
    ("coffee", "Coffee & tea", "咖啡与茶"),
    ("stationery", "Stationery", "文具"),
    ("office", "Desk & office", "办公"),
    ("outdoors", "Outdoors", "户外"),
    ("garden", "Garden", "园艺"),
    ("tools", "Tools", "工具"),
    ("bath", "Bath", "浴室"),
    ("games", "Games & toys", "游戏玩具"),
    ("bags", "Bags", "箱包"),
    ("lighting", "Lighting", "灯具"),
    ("bedding", "Bedroom", "床品"),
];

pub(super) const STATUSES: Table = &[
    ("pending", "Being placed", "处理中"),
    ("confirmed", "Confirmed", "已确认"),
    ("shipped", "On its way", "已发货"),
    ("delivered", "Delivered", "已送达"),
    ("rejected", "Not placed", "未成交"),
    ("cancelling", "Being cancelled", "取消中"),
    ("cancelled", "Cancelled", "已取消"),
];

pub(super) const REASONS: Table = &[
    (
        "insufficient_stock",
        "Not enough was left in stock.",
        "库存不足。",
    ),
    (
        "payment_declined",
        "There was not enough money in the wallet.",
        "钱包余额不足。",
    ),
    (
        "payment_unavailable",
        "The payment could not be made in time.",
        "未能及时完成付款。",
    ),
];

pub(super) const KINDS: Table = &[
    ("topup", "Top-up", "充值"),
    ("charge", "Order", "订单付款"),
    ("refund", "Refund", "退款"),
    (
        "order.confirmed",
        "Your order is confirmed.",
        "您的订单已确认。",
    ),
    (
        "order.rejected",
        "Your order could not be placed.",
        "您的订单未能成交。",
    ),
    (
        "order.shipped",
        "Your order is on its way.",
        "您的订单已发货。",
    ),
    (
        "order.delivered",
        "Your order was delivered.",
        "您的订单已送达。",
    ),
    (
        "order.cancelled",
        "Your order was cancelled.",
        "您的订单已取消。",
    ),
    (
        "order.refunded",
        "Money for your order was given back.",
        "您的订单已退款。",
    ),
];

pub(super) const FIELDS: Table = &[
    ("name", "Name", "姓名"),
    ("email", "Email", "邮箱"),
    ("login", "Email or registration number", "邮箱或注册号"),
    ("password", "Password", "密码"),
    ("current_password", "Current password", "当前密码"),
    ("new_password", "New password", "新密码"),
    ("recipient", "Recipient", "收件人"),
    ("line1", "Street and number", "街道门牌"),
    ("line2", "Flat, floor, company", "楼层、单元、公司"),
    ("city", "City", "城市"),
    ("postal_code", "Postal code", "邮政编码"),
    ("country", "Country", "国家代码"),
    ("amount", "Amount", "金额"),
    ("quantity", "Quantity", "数量"),
];

pub(super) const RULES: Table = &[
    ("name", "1 to 100 characters.", "1 至 100 个字符。"),
    (
        "email",
        "Such as ann@example.org.",
        "例如 ann@example.org。",
    ),
    (
        "password",
        "At least 8 characters; long beats complicated.",
        "至少 8 个字符；越长越安全。",
    ),
    (
        "new_password",
        "At least 8 characters; long beats complicated.",
        "至少 8 个字符；越长越安全。",
    ),
    (
        "country",
        "Two capital letters, such as NL or CN.",
        "两个大写字母，例如 NL 或 CN。",
    ),
    ("amount", "From 0.01 to 10,000.00.", "0.01 至 10,000.00。"),
];

pub(super) const DONE: Table = &[
    ("added", "It is in your cart.", "已加入购物车。"),
    ("cart", "Your cart was changed.", "购物车已更新。"),
    (
        "removed",
        "It was taken out of your cart.",
        "已从购物车移除。",
    ),
    ("signed_in", "You are signed in.", "您已登录。"),
    ("signed_out", "You are signed out.", "您已登出。"),
    (
        "everywhere",
        "You are signed out on every device.",
        "您已在所有设备上登出。",
    ),
    ("profile", "Your profile was saved.", "个人资料已保存。"),
    (
        "password",
        "Your password was changed. Every other device is signed out.",
        "密码已修改，其他设备均已登出。",
    ),
    ("address", "The address was saved.", "地址已保存。"),
    (
        "address_removed",
        "The address was removed.",
        "地址已删除。",
    ),
    ("topup", "The money is in your wallet.", "充值成功。"),
    (
        "cancelled",
        "We are cancelling the order; the money comes back to your wallet.",
        "正在取消订单，款项将退回您的钱包。",
    ),
    (
        "closed",
        "Your account is closed. Goodbye, and thank you.",
        "您的账户已注销。再见，谢谢您。",
    ),
    ("read", "Marked as read.", "已标为已读。"),
];
