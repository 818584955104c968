using HubshareDemo.Admin;
using HubshareDemo.Http;
using HubshareDemo.Security;
using Microsoft.AspNetCore.Authentication.JwtBearer;

namespace HubshareDemo.Auth;

/// <summary>
/// Sends away who may not come in at the door of a hub: counts it, notes it, and answers in a way that the client can read.
/// A browser tells its page nothing of an upgrade that was refused. A client that has negotiated can do without: it knows that its
/// token was good a moment ago, and SignalR tries the next transport. A client that skips negotiate has only this socket to learn from,
/// so there the upgrade is accepted and closed at once with 1008 and the reason.
/// </summary>
public sealed class Doorkeeper(Counters counters, Switches switches, FailedAttempts attempts, SecurityLog log)
{
    /// <param name="context">The request that is refused.</param>
    /// <param name="refusal">A 401 is noted as a failed authentication and counts against the address, a 403 as a denied access.</param>
    public async Task RefuseAsync(HttpContext context, Refusal refusal)
    {
        counters.AuthFailures.Add();
        var note = NoteOf(context, refusal.Status == StatusCodes.Status403Forbidden ? SecurityEventType.AccessDenied : SecurityEventType.AuthenticationFailed) with
        {
            Code = refusal.Code,
            UserId = TokenClaims.UserIdOf(context.User),
        };
        log.Note(note);
        // Failures that are the hub's own are nobody's guesses.
        var isGuess = refusal.Status == StatusCodes.Status401Unauthorized && refusal != Refusal.CheckFailed && !switches.RefuseTokens;
        if (isGuess && attempts.Note(ClientAddress.KeyOf(context)))
        {
            log.Note(NoteOf(context, SecurityEventType.TooManyAttempts));
        }

        Verdict.Set(context, refusal.Status);
        if (WebSocketRequests.IsUpgrade(context) && !context.Request.Query.ContainsKey("id"))
        {
            var subprotocol = switches.Subprotocol ? SubprotocolBearer.Select(context.WebSockets.WebSocketRequestedProtocols) : null;
            await WebSocketRequests.TurnAwayAsync(context, subprotocol, refusal.ToString());
            return;
        }

        if (refusal.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = JwtBearerDefaults.AuthenticationScheme;
        }

        await ErrorBody.WriteAsync(context, refusal.Status, refusal.Code, refusal.Message);
    }

    public static SecurityNote NoteOf(HttpContext context, SecurityEventType type) => new(type)
    {
        Hub = HubOf(context),
        Address = ClientAddress.Of(context),
    };

    /// <summary>Path of the hub that a request is for.</summary>
    private static string HubOf(HttpContext context)
    {
        var path = context.Request.Path.Value ?? "";
        const string negotiate = "/negotiate";
        return path.EndsWith(negotiate, StringComparison.Ordinal) ? path[..^negotiate.Length] : path;
    }
}
