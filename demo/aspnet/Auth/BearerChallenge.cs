using HubshareDemo.Http;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.IdentityModel.Tokens;

namespace HubshareDemo.Auth;

/// <summary>Turns a refused token into a 401 whose body says why, with a code that a client can branch on.</summary>
public static class BearerChallenge
{
    public static Task AnswerAsync(JwtBearerChallengeContext context)
    {
        context.HandleResponse();
        var (code, message) = context.AuthenticateFailure switch
        {
            null => ("MISSING_TOKEN", "An access token is needed."),
            SecurityTokenExpiredException => ("TOKEN_EXPIRED", "The access token has expired."),
            _ => ("INVALID_TOKEN", "The access token is not valid."),
        };
        context.Response.Headers.WWWAuthenticate = JwtBearerDefaults.AuthenticationScheme;
        return ErrorBody.WriteAsync(context.HttpContext, StatusCodes.Status401Unauthorized, code, message);
    }
}
