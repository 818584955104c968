using System.Text.RegularExpressions;
using HubshareDemo.Admin;
using HubshareDemo.Http;
using HubshareDemo.Security;

namespace HubshareDemo.Auth;

/// <summary>Sign-in, refresh, sign-out and the question who is signed in.</summary>
public sealed partial class AuthEndpoints(AccessTokens tokens, RefreshFamilies families, Switches switches, Counters counters, Accounts accounts)
{
    private const string CookieName = "refresh";

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/auth/sign-in", SignInAsync);
        endpoints.MapPost("/auth/refresh", RefreshAsync);
        endpoints.MapPost("/auth/sign-out", SignOutAsync);
        endpoints.MapGet("/auth/session", SessionAsync);
    }

    private async Task SignInAsync(HttpContext context)
    {
        var user = (await RequestBody.ReadAsync<SignInRequest>(context.Request))?.User;
        if (user is null || !UserName().IsMatch(user))
        {
            await ErrorBody.WriteAsync(context, StatusCodes.Status400BadRequest, "INVALID_USER", "A user name is a small letter, then up to 31 small letters, digits or hyphens.");
            return;
        }

        if (RefusalOf(user) is { } refusal)
        {
            await ErrorBody.WriteAsync(context, refusal.Status, refusal.Code, refusal.Message);
            return;
        }

        // The cookie of an earlier sign-in is about to be replaced: nobody can use that family any more.
        if (context.Request.Cookies[CookieName] is { } earlier)
        {
            families.End(earlier);
        }

        SetCookie(context, families.Begin(user));
        await AnswerAsync(context, tokens.Issue(user));
    }

    private async Task RefreshAsync(HttpContext context)
    {
        await switches.DelayAsync(DelayedStep.Refresh, context.RequestAborted);
        if (switches.RefuseRefresh)
        {
            await RefuseAsync(context, "REFRESH_INVALID", "Refreshing is refused at present.");
            return;
        }

        if (context.Request.Cookies[CookieName] is not { Length: > 0 } cookie)
        {
            await RefuseAsync(context, "MISSING_REFRESH", "There is no refresh cookie: sign in.");
            return;
        }

        // Before the cookie is exchanged: it is good again when the user is.
        if (families.Peek(cookie) is { Verdict: RefreshVerdict.Valid, Family.User: var user } && RefusalOf(user) is { } refusal)
        {
            await RefuseAsync(context, refusal.Code, refusal.Message);
            return;
        }

        var (result, next) = families.Rotate(cookie);
        if (result.Family is null || next is null)
        {
            // The cookie is left alone: this answer may arrive after a new sign-in has set a good one.
            await (result.Verdict == RefreshVerdict.Reused
                ? RefuseAsync(context, "REFRESH_REUSED", "The refresh cookie was used before; this sign-in has ended.")
                : RefuseAsync(context, "REFRESH_INVALID", "The refresh cookie is not valid."));
            return;
        }

        counters.Refreshes.Add();
        SetCookie(context, next);
        await AnswerAsync(context, tokens.Issue(result.Family.User));
    }

    private Task SignOutAsync(HttpContext context)
    {
        if (context.Request.Cookies[CookieName] is { } cookie)
        {
            families.End(cookie);
        }

        context.Response.Cookies.Delete(CookieName, CookieSettings());
        context.Response.Headers.CacheControl = "no-store";
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private Task SessionAsync(HttpContext context)
    {
        if (context.Request.Cookies[CookieName] is not { Length: > 0 } cookie)
        {
            return ErrorBody.WriteAsync(context, StatusCodes.Status401Unauthorized, "MISSING_REFRESH", "There is no refresh cookie: sign in.");
        }

        var found = families.Peek(cookie);
        if (found is not { Verdict: RefreshVerdict.Valid, Family: { } family })
        {
            var code = found.Verdict == RefreshVerdict.Reused ? "REFRESH_REUSED" : "REFRESH_INVALID";
            return ErrorBody.WriteAsync(context, StatusCodes.Status401Unauthorized, code, "The refresh cookie is not valid: sign in.");
        }

        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(new { user = family.User }, context.RequestAborted);
    }

    private Task AnswerAsync(HttpContext context, IssuedToken token)
    {
        counters.TokensIssued.Add();
        context.Response.Headers.CacheControl = "no-store";
        return context.Response.WriteAsJsonAsync(token, context.RequestAborted);
    }

    private Task RefuseAsync(HttpContext context, string code, string message)
    {
        counters.RefreshesRefused.Add();
        return ErrorBody.WriteAsync(context, StatusCodes.Status401Unauthorized, code, message);
    }

    /// <returns>Null: the user may come in.</returns>
    private Refusal? RefusalOf(string user)
    {
        try
        {
            return accounts.IsBlocked(user) ? Refusal.Blocked : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return Refusal.CheckFailed;
        }
    }

    private static void SetCookie(HttpContext context, string value)
    {
        var settings = CookieSettings();
        settings.MaxAge = RefreshFamilies.Life;
        context.Response.Cookies.Append(CookieName, value, settings);
    }

    private static CookieOptions CookieSettings() => new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/auth" };

    [GeneratedRegex(@"^[a-z][a-z0-9-]{0,31}\z", RegexOptions.CultureInvariant)]
    private static partial Regex UserName();
}
