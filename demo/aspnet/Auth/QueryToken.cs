using HubshareDemo.Http;

namespace HubshareDemo.Auth;

/// <summary>
/// The access token where stock SignalR clients put it, in the URL. Only where that was asked for, and only for requests to which a
/// browser can add no header.
/// </summary>
public static class QueryToken
{
    public const string Parameter = "access_token";

    /// <returns>Null without one; an empty one is none.</returns>
    public static string? Of(HttpContext context)
    {
        var request = context.Request;
        var hasHeaders = !WebSocketRequests.IsUpgrade(context) && !(HttpMethods.IsGet(request.Method) && ResponseKinds.WantsEventStream(request));
        // The collection finds a name in any case; only this exact one was asked for, and only once.
        return !hasHeaders && request.Query.Keys.Contains(Parameter, StringComparer.Ordinal) && request.Query[Parameter] is [{ Length: > 0 } token]
            ? token
            : null;
    }
}
