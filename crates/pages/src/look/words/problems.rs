//! Problems, in sentences that say what to do.

use super::Table;

pub(super) const PROBLEMS: Table = &[
    (
        "invalid",
        "Please check what is marked below.",
        "请检查下面标出的内容。",
    ),
    (
        "out_of_range",
        "Please check what is marked below.",
        "请检查下面标出的内容。",
    ),
    (
        "malformed_json",
        "Please check what is marked below.",
        "请检查下面标出的内容。",
    ),
    (
        "weak_password",
        "This password is too easy to guess. Choose a longer one.",
        "这个密码太容易被猜到，请换一个更长的。",
    ),
    ("unauthenticated", "Please sign in first.", "请先登录。"),
    (
        "invalid_token",
        "Your session has ended. Please sign in again.",
        "您的会话已结束，请重新登录。",
    ),
    (
        "token_expired",
        "Your session has ended. Please sign in again.",
        "您的会话已结束，请重新登录。",
    ),
    (
        "token_revoked",
        "You were signed out. Please sign in again.",
        "您已被登出，请重新登录。",
    ),
    (
        "bad_credentials",
        "Email, registration number or password are not right.",
        "邮箱、注册号或密码不正确。",
    ),
    (
        "bad_token",
        "Your session has ended. Please sign in again.",
        "您的会话已结束，请重新登录。",
    ),
    (
        "payment_declined",
        "There is not enough money in your wallet. Nothing was charged.",
        "钱包余额不足，未扣款。",
    ),
    (
        "forbidden",
        "Your account may not do this.",
        "您的账户无权进行此操作。",
    ),
    (
        "disabled",
        "This account is disabled. Please write to us.",
        "此账户已停用，请与我们联系。",
    ),
    (
        "not_found",
        "There is no such page, or it is not yours.",
        "页面不存在，或不属于您。",
    ),
    (
        "product_not_found",
        "This product is no longer there.",
        "该商品已不存在。",
    ),
    (
        "cart_not_found",
        "This cart is no longer there. Please begin a new one.",
        "该购物车已不存在，请重新添加商品。",
    ),
    (
        "insufficient_stock",
        "Not enough of it is left. Nothing was charged; please lower the quantity.",
        "库存不足，未扣款，请减少数量。",
    ),
    (
        "payment_unavailable",
        "The payment could not be made in time. Nothing was charged.",
        "未能及时完成付款，未扣款。",
    ),
    (
        "price_changed",
        "A price has changed since you looked. Please check the new total and order again.",
        "价格已变动，请确认新的总额后再次下单。",
    ),
    (
        "cart_ordered",
        "This cart was ordered already. You will find it among your orders.",
        "该购物车已下单，请在订单中查看。",
    ),
    ("cart_empty", "Your cart is empty.", "购物车是空的。"),
    (
        "cart_full",
        "Your cart is full: it holds 50 different things.",
        "购物车已满：最多可放 50 种商品。",
    ),
    (
        "not_settled",
        "The order has not settled yet. Please try again in a moment.",
        "订单尚未完成处理，请稍后再试。",
    ),
    (
        "illegal_move",
        "The order has moved on, so this is no longer possible.",
        "订单状态已变化，无法再进行此操作。",
    ),
    (
        "email_taken",
        "There is an account with this email already.",
        "该邮箱已被注册。",
    ),
    (
        "too_many_addresses",
        "You have 20 addresses, as many as there may be. Remove one first.",
        "您已有 20 个地址，已达上限，请先删除一个。",
    ),
    (
        "order_open",
        "An order is still on its way. Close your account once it has arrived.",
        "仍有订单未完成，请在收货后再注销账户。",
    ),
    (
        "money_left",
        "There is money left in your wallet. Spend it before you close your account.",
        "钱包中还有余额，请用完后再注销账户。",
    ),
    (
        "stale",
        "This was changed elsewhere in the meantime. Here is how it is now; please change it again.",
        "内容已在别处被修改。以下是最新内容，请重新修改。",
    ),
    (
        "too_large",
        "That is more than this form takes.",
        "内容超出了表单上限。",
    ),
    (
        "uri_too_long",
        "That is more than this form takes.",
        "内容超出了表单上限。",
    ),
    (
        "key_reused",
        "This form was used already, for something else. Please begin again.",
        "此表单已用于其他操作，请重新开始。",
    ),
    (
        "rate_limited",
        "That was a lot at once. Please wait a moment.",
        "操作过于频繁，请稍候。",
    ),
    (
        "locked_out",
        "Too many sign-ins failed. Please wait a while before you try again.",
        "登录失败次数过多，请稍后再试。",
    ),
    (
        "headers_too_large",
        "Your browser sent more than we take. Please clear the cookies of this shop.",
        "浏览器发送的数据过多，请清除本店的 Cookie。",
    ),
    (
        "internal",
        "Something went wrong on our side. We have written it down.",
        "我们这边出了点问题，已记录下来。",
    ),
    (
        "role_unsure",
        "We cannot confirm your role for the moment. Please try again soon.",
        "暂时无法确认您的权限，请稍后再试。",
    ),
    (
        "keys_missing",
        "We are just starting up. Please try again in a moment.",
        "系统正在启动，请稍后再试。",
    ),
    (
        "not_taken",
        "We could not take this for the moment. Nothing was changed; please send it again.",
        "暂时无法受理，未作任何更改，请重新提交。",
    ),
    (
        "not_yet_consistent",
        "What you did last is not readable everywhere yet. Please try again in a moment.",
        "您刚才的更改尚未同步完成，请稍后再试。",
    ),
    (
        "busy",
        "Much is going on at once. Nothing was changed; please send it again.",
        "当前请求较多，未作任何更改，请重新提交。",
    ),
    (
        "switched_off",
        "This is switched off for a while. Please come back a little later.",
        "此功能暂时关闭，请稍后再来。",
    ),
    (
        "overloaded",
        "The shop is very busy. Nothing was changed; please try again in a moment.",
        "店铺当前繁忙，未作任何更改，请稍后再试。",
    ),
    (
        "unavailable",
        "A part of the shop cannot be reached just now. Nothing was changed; please try again in a moment.",
        "店铺的一部分暂时无法访问，未作任何更改，请稍后再试。",
    ),
    (
        "outcome_unknown",
        "We could not see whether this went through. Send it again: it will not be done twice.",
        "暂时无法确认是否成功。请再次提交，不会重复执行。",
    ),
    (
        "foreign_form",
        "This was not sent from our pages, so we did not take it.",
        "此请求并非来自本店页面，未予受理。",
    ),
    (
        "form_expired",
        "This form was too old to be sure it was you. Please look it over and send it again.",
        "表单已过期，为确认是您本人操作，请检查后重新提交。",
    ),
    (
        "body_timeout",
        "The form did not arrive in time. Please send it again.",
        "表单未能及时送达，请重新提交。",
    ),
    (
        "passwords_differ",
        "The two passwords are not the same.",
        "两次输入的密码不一致。",
    ),
    (
        "nothing_changed",
        "Nothing is other than before.",
        "没有任何变化。",
    ),
    (
        "not_sure",
        "Please tick the box if you are sure.",
        "如果确定，请勾选复选框。",
    ),
];
